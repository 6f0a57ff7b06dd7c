"""The two models: an encoder that places texts by topic, and a judge that tells for from against."""
