"""The health-check letter of one customer (健康診断): what it tells."""
