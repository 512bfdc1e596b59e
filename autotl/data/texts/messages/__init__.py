"""Messages of customers in six classes, for demonstrations and tests."""
