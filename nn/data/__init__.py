"""Data sets and mini-batches."""

from nn.data.arrays import ArrayDataset
from nn.data.collate import Dataset, collate
from nn.data.digits import digits
from nn.data.download import data_folder, fetch
from nn.data.idx import read_idx
from nn.data.lines import LineDataset
from nn.data.loader import DataLoader
from nn.data.mnist import fashion_mnist, mnist
from nn.data.sampler import Sampler, WeightedRandomSampler
from nn.data.subsets import ConcatDataset, Subset, random_split
from nn.data.table import Table, read_csv
from nn.data.text import TextDataset, split_tokens, topics
from nn.files import read_text

__all__ = [
    "ArrayDataset", "ConcatDataset", "DataLoader", "Dataset", "LineDataset", "Sampler", "Subset", "Table",
    "TextDataset", "WeightedRandomSampler", "collate", "data_folder", "digits", "fashion_mnist", "fetch", "mnist",
    "random_split", "read_csv", "read_idx", "read_text", "split_tokens", "topics",
]  # fmt: skip
