INSERT INTO customers (id, name) VALUES ('0190163d-8694-739b-aea5-966c26f8ad91', 'the house')
    ON CONFLICT (id) DO NOTHING;
