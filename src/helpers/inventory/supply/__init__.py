"""What comes and when: deliveries, lead times as measured, opening positions."""
