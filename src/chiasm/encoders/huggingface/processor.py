"""as_pixels: a processor of Hugging Face, as settings that need none of its code."""

from typing import Any

from chiasm.inference.preprocessing.pixels import Pixels


def as_pixels(processor: Any) -> Pixels | None:
    """What the processor does, if it is told by its settings; None: it resizes in another way.

    A processor of its own kind may do more than its settings tell: compare what both make of some
    images before you rely on it.
    """
    size, crop = processor.size, None
    if processor.do_center_crop:
        crop = (processor.crop_size.height, processor.crop_size.width)
    resize = shorter_side = None
    if processor.do_resize and size.shortest_edge and not size.longest_edge:
        shorter_side = size.shortest_edge
    elif processor.do_resize and size.height and size.width:
        resize = (size.height, size.width)
    if (resize is None and crop is None) or not processor.do_rescale:
        return None
    return Pixels(
        resample=int(processor.resample),
        resize=resize,
        shorter_side=shorter_side,
        crop=crop,
        scale=processor.rescale_factor,
        mean=tuple(processor.image_mean) if processor.do_normalize else (0.0, 0.0, 0.0),
        deviation=tuple(processor.image_std) if processor.do_normalize else (1.0, 1.0, 1.0),
    )
