"""What was heard → one case a pull: which texts are about the same pull, and which of them count."""

from __future__ import annotations

from functools import lru_cache

from whypull.model import Case, Pull, Said
from whypull.read.about import informative
from whypull.read.message import fold, image_in, writer
from whypull.records import replace
from whypull.reference import InvalidReference, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from whypull.model import Fact
    from whypull.read.gather import Gathered, Heard
    from whypull.read.inventory import Inventory

WAITING = frozenset({
    "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
    "RegistryUnavailable", "SignatureValidationFailed",
})  # fmt: skip
MOST_TEXTS = 60  # different texts kept of one pull
TELLING = frozenset({"ErrImageNeverPull", "InvalidImageName"})  # states that say by themselves why there is no pull


class Bundle:
    """One pull while its texts are being found."""

    def __init__(self, pull: Pull) -> None:
        self.pull = pull
        self.texts: dict[tuple[str, str, str], Said] = {}
        self.tells = False  # whether one of the texts says why

    def add(self, pull: Pull, said: Said) -> None:
        """Adds a text, and what its place tells of the pull."""
        self.pull = Pull(
            self.pull.image or pull.image, self.pull.namespace or pull.namespace, self.pull.pod or pull.pod,
            self.pull.container or pull.container, self.pull.node or pull.node, self.pull.runtime or pull.runtime,
        )  # fmt: skip
        key = (said.text, said.reason, said.via)
        old = self.texts.get(key)
        if old:
            self.texts[key] = replace(old, count=old.count + said.count)
        elif len(self.texts) < MOST_TEXTS:
            self.texts[key] = said
            self.tells = self.tells or (bool(said.text) and informative(said.text))


def cases(gathered: Gathered, inventory: Inventory | None, vantage: str = "paste") -> tuple[Case, ...]:
    """One case for every failing pull in what was heard, in the order in which they were met."""
    if inventory is not None:
        inventory.settle(gathered)
    bundles = _bundles(_counting(gathered.heard.values()))
    _borrow(bundles)
    if any(bundle.tells for bundle in bundles):
        bundles = [b for b in bundles if b.tells or b.pull.pod or b.pull.image or b.pull.node]
    return (*gathered.cases, *(_case(bundle, inventory, vantage) for bundle in bundles))


def _counting(heard: Iterable[Heard]) -> list[tuple[Pull, Said]]:
    """The texts, each with the image that it names, and the states of pulls that fail. Readers have judged the texts."""
    found = []
    for one in heard:
        pull, said = one.pull, one.said
        if said.text:
            if not pull.image:
                pull = replace(pull, image=image_in(fold(said.text)))
        elif said.reason and said.reason not in WAITING:
            continue
        found.append((pull, said))
    return found


def _bundles(heard: list[tuple[Pull, Said]]) -> list[Bundle]:
    """Texts of the same pod and container (or image) go together; then those that name the image only; then the rest."""
    bundles: list[Bundle] = []
    by_pod: dict[tuple[str, str], list[Bundle]] = {}
    of_pod = [(p, s) for p, s in heard if p.pod]
    for pull, said in sorted(of_pod, key=lambda item: not (item[0].container and item[0].image)):
        mine = by_pod.setdefault((pull.namespace, pull.pod), [])
        fits = [b for b in mine if _fits(b.pull, pull)]
        if not fits:
            fits = [Bundle(pull)]
            mine += fits
            bundles += fits
        for bundle in fits if not (pull.image or pull.container) else fits[:1]:
            bundle.add(pull, said)
    _images(bundles, [(p, s) for p, s in heard if not p.pod and p.image])
    _rest(bundles, [(p, s) for p, s in heard if not p.pod and not p.image])
    return bundles


@lru_cache(maxsize=4096)
def _whole(image: str) -> str:
    """The image's full name: what the kubelet calls "web", the runtime calls docker.io/library/web:latest."""
    try:
        return parse(image).normalised
    except InvalidReference:
        return image


def _fits(mine: Pull, other: Pull) -> bool:
    if mine.container and other.container:
        return mine.container == other.container
    if mine.image and other.image:
        return _whole(mine.image) == _whole(other.image)
    return True


def _images(bundles: list[Bundle], heard: list[tuple[Pull, Said]]) -> None:
    by_image: dict[str, list[Bundle]] = {}
    for bundle in bundles:
        by_image.setdefault(_whole(bundle.pull.image) if bundle.pull.image else "", []).append(bundle)
    unnamed = by_image.pop("", [])
    if len(unnamed) == 1 and not by_image and not unnamed[0].tells and len({_whole(p.image) for p, _ in heard}) == 1:
        by_image[_whole(heard[0][0].image)] = unnamed  # a pod's bare state, and the message that goes with it
    for pull, said in heard:
        name = _whole(pull.image)
        mine = [b for b in by_image.get(name, []) if not (pull.node and b.pull.node) or b.pull.node == pull.node]
        if not mine:
            mine = [Bundle(pull)]
            by_image.setdefault(name, []).extend(mine)
            bundles += mine
        for bundle in mine[:200]:
            bundle.add(pull, said)


def _rest(bundles: list[Bundle], heard: list[tuple[Pull, Said]]) -> None:
    """A text without pod and image belongs to the only pull of the input, if there is but one."""
    alone: dict[str, Bundle] = {}
    only = bundles[0] if len(bundles) == 1 else None
    for pull, said in heard:
        key = f"{pull.node}\0{_innermost(said.text)}"
        bundle = only or alone.get(key)
        if bundle is None:
            bundle = alone[key] = Bundle(pull)
            bundles.append(bundle)
        bundle.add(pull, said)


def _innermost(text: str) -> str:
    """The end of an error, which its wrappers have in common."""
    return fold(text[-2_000:]).rstrip(" .\"'\\)]")[-100:]


def _borrow(bundles: list[Bundle]) -> None:
    """A pull of which only the state is known takes the texts of the same image elsewhere in the input."""
    telling: dict[str, Bundle] = {}
    for bundle in bundles:
        if bundle.tells and bundle.pull.image:
            telling.setdefault(bundle.pull.image, bundle)
    for bundle in bundles:
        source = telling.get(bundle.pull.image) if not bundle.tells else None
        if source:
            for said in source.texts.values():
                bundle.add(Pull(), said)


def _case(bundle: Bundle, inventory: Inventory | None, vantage: str) -> Case:
    texts = sorted(bundle.texts.values(), key=lambda s: -s.count)
    if not any(s.text for s in texts):
        texts = [replace(s, text=s.reason) if s.reason in TELLING else s for s in texts]
    pull = bundle.pull
    facts: tuple[Fact, ...] = tuple(texts)
    if inventory is not None:
        facts += inventory.facts(pull)
    if not pull.runtime:
        pull = replace(pull, runtime=next((w for s in texts if s.text and (w := _writer(s.text))), ""))
    if any("sandbox image" in s.text for s in texts) and not pull.container:
        pull = replace(pull, container="sandbox")
    return Case(pull, facts, vantage)


@lru_cache(maxsize=512)  # a cluster says the same of hundreds of pods
def _writer(text: str) -> str:
    return writer(fold(text))


def case_of(heard: Heard) -> Case | None:
    """The case of one line of a stream; None where the line does not say why, or is not about a pull."""
    found = [(p, s) for p, s in _counting([heard]) if s.text and informative(s.text)]
    if not found:
        return None
    bundle = Bundle(found[0][0])
    bundle.add(*found[0])
    return _case(bundle, None, "log")
