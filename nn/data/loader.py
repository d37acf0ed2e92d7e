"""Mini-batches in an order that follows from a seed, which can be taken up again anywhere."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.data import checks
from nn.data.collate import Dataset, gather
from nn.data.prefetch import prefetched
from nn.data.sampler import Sampler
from nn.errors import DataError


@dataclasses.dataclass
class _Epoch:
    """One pass over the data: which, how the order was drawn, and how many batches have been handed out."""

    number: int
    random: Mapping[str, Any] | None = None  # the generator as it was before the order was drawn
    batch: int = 0
    begun: bool = False


class DataLoader:
    """Mini-batches of a data set, in an order that follows from a seed.

    Every pass over the loader is one epoch with an order of its own; epoch e of seed s is the same in every run.
    `state_dict` says where the loader is. A loader that takes it with `load_state_dict` goes on with the batch after
    the last one handed out, in the same order.

    Parameters
    ----------
    dataset : Dataset
        Anything with a length and examples by number: an `ArrayDataset`, a list, an array.
    batch_size : int
    shuffle : bool
        Whether an epoch has its examples in random order. A sampler has its own.
    seed : int
        Not negative; of no use with `generator`.
    drop_last : bool
        Leave out a last batch that is smaller than the others.
    generator : numpy.random.Generator, optional
        Draws the orders in place of the seed: epoch after epoch from where it stands.
    sampler : Sampler, optional
        Which examples an epoch shows, such as `WeightedRandomSampler`.
    collate : callable, optional
        Makes a batch of a list of examples; without it `nn.data.collate` does, or the data set's own method `batch`.
    transform : callable, optional
        Of a finished batch and a `numpy.random.Generator`: turned or noisy copies, say. Every batch has a generator of
        its own that follows from epoch and batch alone, so that what it draws is the same after a break.
    prefetch : int
        How many batches are made ahead, by one thread; 0 makes each when it is asked for. The batches are the same.

    Raises
    ------
    DataError
        If the data set is empty, a number is out of its range, or `drop_last` would leave no batch.

    Examples
    --------
    >>> from nn.data import ArrayDataset
    >>> loader = DataLoader(ArrayDataset(range(5)), batch_size=2, shuffle=False)
    >>> [x.tolist() for (x,) in loader], len(loader)
    ([[0, 1], [2, 3], [4]], 3)

    Stop after one batch, and go on in another loader:

    >>> for (x,) in loader:
    ...     state = loader.state_dict()
    ...     break
    >>> other = DataLoader(ArrayDataset(range(5)), batch_size=2, shuffle=False)
    >>> other.load_state_dict(state)
    >>> [x.tolist() for (x,) in other], other.epoch
    ([[2, 3], [4]], 2)
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
        *,
        generator: np.random.Generator | None = None,
        sampler: Sampler | None = None,
        collate: Callable[[Sequence[Any]], Any] | None = None,
        transform: Callable[[Any, np.random.Generator], Any] | None = None,
        prefetch: int = 0,
    ) -> None:
        self.dataset = dataset
        self.batch_size = checks.whole(batch_size, 1, "batch_size, the number of examples in a batch,")
        self.shuffle = shuffle
        self.seed = checks.whole(seed, 0, "seed")
        self.drop_last = drop_last
        self.generator = generator
        self.sampler = sampler
        self.collate = collate
        self.transform = transform
        self.prefetch = checks.whole(prefetch, 0, "prefetch, the number of batches made ahead,")
        if generator is not None and not isinstance(generator, np.random.Generator):
            raise DataError(f"generator is a numpy.random.Generator, got {type(generator).__name__}")
        if not self._count():
            raise DataError("the data set is empty: there is nothing to make a batch of")
        if drop_last and self.batch_size > self._count():
            raise DataError(f"{self._count()} examples do not fill one batch of {batch_size}, and drop_last is set")
        self._epoch = _Epoch(0)

    def __len__(self) -> int:
        batches = self._count() / self.batch_size
        return math.floor(batches) if self.drop_last else math.ceil(batches)

    @property
    def epoch(self) -> int:
        """The epoch in progress, counted from 0; after its last batch, the next one."""
        return self._epoch.number

    def __iter__(self) -> Iterator[Any]:
        if self._epoch.begun:
            self._epoch = _Epoch(self.epoch + 1)
        epoch = self._epoch
        epoch.begun = True
        return self._hand_out(epoch, *self._draw(epoch))

    def _count(self) -> int:
        """Examples in an epoch."""
        return len(self.dataset if self.sampler is None else self.sampler)

    def _draw(self, epoch: _Epoch) -> tuple[NDArray[np.int64], list[int]]:
        """The numbers of an epoch's examples, and the seed of its batches' transforms."""
        seed = [self.seed, epoch.number]
        if self.generator is None:
            rng = np.random.default_rng(seed)
        elif epoch.random is None:
            rng = self.generator
            epoch.random = rng.bit_generator.state
        else:  # taken up again: the order was drawn before
            rng = _generator(self.generator, epoch.random)
        order = self._order(rng)
        if self.generator is not None and self.transform is not None:
            seed = [int(rng.integers(2**63))]
        return order, seed

    def _order(self, rng: np.random.Generator) -> NDArray[np.int64]:
        count = self._count()
        if self.sampler is None:
            return rng.permutation(count) if self.shuffle else np.arange(count)
        order = np.asarray(self.sampler.indices(rng))
        if order.shape != (count,) or order.min() < 0 or order.max() >= len(self.dataset):
            raise DataError(
                f"{type(self.sampler).__name__} should draw {count} numbers below {len(self.dataset)}, the number of "
                f"examples; it drew {order.size} from {order.min()} to {order.max()}"
            )
        return order

    def _make(self, indices: NDArray[np.int64], seed: list[int]) -> Any:
        """The batch of these examples."""
        if self.collate is None:
            batch = gather(self.dataset, indices)
        else:
            batch = self.collate([self.dataset[i] for i in indices.tolist()])
        return batch if self.transform is None else self.transform(batch, np.random.default_rng(seed))

    def _hand_out(self, epoch: _Epoch, order: NDArray[np.int64], seed: list[int]) -> Iterator[Any]:
        def make(i: int) -> Any:
            # a 1 more than the seed of the order: zeros at the end of a seed do not count
            return self._make(order[i * self.batch_size : (i + 1) * self.batch_size], [*seed, 1, i])

        with contextlib.closing(prefetched(make, range(epoch.batch, len(self)), self.prefetch)) as batches:
            for batch in batches:
                epoch.batch += 1
                yield batch
        if self._epoch is epoch:
            self._epoch = _Epoch(epoch.number + 1)

    # ------------------------------------------------------------------ going on elsewhere
    def state_dict(self) -> dict[str, Any]:
        """Where the loader is: numbers, texts and lists only, so that JSON can hold it.

        Batches made ahead but not handed out do not count. After an epoch's last batch, but before the loop over it
        has ended, the state is that of an epoch with no batches left: the loop that goes on elsewhere ends at once, and
        what follows it is done there.
        """
        epoch = self._epoch
        return {
            "epoch": epoch.number,
            "batch": epoch.batch,
            "order": _plain(epoch.random),
            "generator": None if self.generator is None else _plain(self.generator.bit_generator.state),
            **self._settings(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another loader was: the next pass hands out the rest of its epoch.

        Raises
        ------
        DataError
            If the state is not a loader's, or one of a loader of another length, batch size, order or seed, which has
            other batches. Nothing is changed then.
        """
        settings = self._settings()
        missing = [name for name in ("epoch", "batch", "order", "generator", *settings) if name not in state]
        if missing:
            raise DataError(f"the state of a data loader has an entry {missing[0]!r}; this one has {', '.join(state)}")
        for name, own in settings.items():
            if state[name] != own:
                raise DataError(f"the state is of a data loader with {name} {state[name]!r}, this one has {own!r}")
        number = checks.whole(state["epoch"], 0, "a data loader's epoch")
        batch = checks.whole(state["batch"], 0, "a data loader's batch")
        if batch > len(self):
            raise DataError(f"the state is at batch {batch} of an epoch, this data loader has {len(self)}")
        if self.generator is not None:
            if batch and state["order"] is None:
                raise DataError("the state of a data loader does not say how the order of its epoch was drawn")
            if state["order"] is not None:
                _generator(self.generator, state["order"])
            self.generator.bit_generator.state = _generator(self.generator, state["generator"]).bit_generator.state
        self._epoch = _Epoch(number, state["order"], batch)

    def _settings(self) -> dict[str, Any]:
        """What has to be the same where the loader goes on."""
        return {
            "examples": self._count(),
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "drop_last": self.drop_last,
            "sampler": None if self.sampler is None else type(self.sampler).__name__,
            "random": self.seed if self.generator is None else type(self.generator.bit_generator).__name__,
        }


def _generator(like: np.random.Generator, state: Mapping[str, Any]) -> np.random.Generator:
    """A generator of its own, of the kind of another one."""
    rng = np.random.Generator(type(like.bit_generator)())
    try:
        rng.bit_generator.state = dict(state)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise DataError(f"the state of a data loader's generator is damaged: {error}") from error
    return rng


def _plain(state: Any) -> Any:
    """A generator's state with lists for arrays."""
    if isinstance(state, dict):
        return {key: _plain(value) for key, value in state.items()}
    return state.tolist() if isinstance(state, np.ndarray) else state
