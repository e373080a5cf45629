"""The order and path cases: fresh clones in awkward places, interrupted and started again."""
