"""How a file is cut into the parts of a multipart upload. Pure."""

from dataclasses import dataclass

MIB = 1 << 20
# Large enough that ten gigabytes are 640 requests, small enough that a lost one costs seconds.
PART = 16 * MIB
# Of S3: no more parts than this, and none but the last below 5 MiB.
MOST_PARTS = 10_000


def part_size_for(length: int) -> int:
    """Return the size of the parts of a file: whole MiB, larger only where there would be too many."""
    return max(PART, -(-length // (MOST_PARTS * MIB)) * MIB)


@dataclass(frozen=True, slots=True)
class Layout:
    """A file of `length` bytes in parts of `part_size`, the last one smaller; numbers begin with 1."""

    length: int
    part_size: int

    @property
    def count(self) -> int:
        """How many parts there are."""
        return -(-self.length // self.part_size)

    def has(self, number: int) -> bool:
        """Whether there is a part of this number."""
        return 1 <= number <= self.count

    def size_of(self, number: int) -> int:
        """Return how many bytes a part has."""
        return min(self.part_size, self.length - (number - 1) * self.part_size)

    def whole(self, sizes: dict[int, int]) -> list[int]:
        """Return the numbers of the parts that are there with all of their bytes, given what was found."""
        return sorted(
            number for number, size in sizes.items() if self.has(number) and size == self.size_of(number)
        )

    def missing(self, sizes: dict[int, int]) -> list[int]:
        """Return the numbers of the parts that are still to be sent."""
        there = set(self.whole(sizes))
        return [number for number in range(1, self.count + 1) if number not in there]

    def received(self, sizes: dict[int, int]) -> int:
        """Return how many bytes of the file are there."""
        return sum(self.size_of(number) for number in self.whole(sizes))
