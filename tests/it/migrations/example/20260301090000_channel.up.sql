-- compatible: a column with a default, which older programs neither read nor write
ALTER TABLE orders ADD COLUMN channel VARCHAR(20) NOT NULL DEFAULT 'web';
