"""Stack config to frozen, typed specs: pure, and every mistake is reported at once."""
