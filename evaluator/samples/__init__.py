"""Sample answers: six invented candidates, all twelve shipped questions."""
