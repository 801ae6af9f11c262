"""Images, labels, data-set snapshots and blobs: where is it, and can I trust it?"""
