"""Batches of any size: scored chunk by chunk, kept as they come, gone on with after a stop, on one machine or many."""

from evaluator.batch.cluster import Cluster, score_on_ray
from evaluator.batch.local import Scored, score_locally
from evaluator.batch.partial import Identity, PartialResults, file_digest

__all__ = ["Cluster", "Identity", "PartialResults", "Scored", "file_digest", "score_locally", "score_on_ray"]
