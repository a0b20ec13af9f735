"""What others already saw → facts. Readers only add to what was gathered; they conclude nothing."""
