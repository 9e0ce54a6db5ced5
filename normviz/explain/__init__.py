"""What the pages compute: cells and their arithmetic, batch mates, invariances, journey, saliency, lines and verdicts."""
