DELETE FROM customers WHERE id = '0190163d-8694-739b-aea5-966c26f8ad91'
    AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.customer = customers.id);
