"""Which photographs show the same part, so that repeats never lie on two sides of a split.

    signature(grey)                    what is remembered of a photograph (stored beside it)
    group_repeats(signatures, ...)     groups of photographs of one part, with evidence
    leak_count(labels, test_share)     what a split by image would have leaked
    perceptual_hash(grey)              64 bits for "images like this one"

Pure: values in, values out. Knows no file names, no serials and no database.
"""

from firstshift.likeness.grouping import group_repeats
from firstshift.likeness.groups import Group, Groups, Link, Proof
from firstshift.likeness.leakage import leak_count, leaks_of
from firstshift.likeness.perceptual_hash import hash_distance, perceptual_hash
from firstshift.likeness.signature import Signature, signature

__all__ = [
    "Group",
    "Groups",
    "Link",
    "Proof",
    "Signature",
    "group_repeats",
    "hash_distance",
    "leak_count",
    "leaks_of",
    "perceptual_hash",
    "signature",
]
