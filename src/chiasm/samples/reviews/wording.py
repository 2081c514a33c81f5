"""What reviewers say: phrases of four families, and the small talk around them."""

from random import Random

_FAMILIES = {
    # The words give the verdict, on something that no photo shows.
    "verdict": (
        "{overall} {Aspect} {verdict}.",
        "{Aspect} {verdict}. {overall}",
        "What counts for me: {aspect} {verdict}. {overall}",
        "{overall} I can only say that {aspect} {verdict}.",
        "{Person} and I agree that {aspect} {verdict}. {overall}",
        "{overall} After {time} I know that {aspect} {verdict}.",
        "It has to be said: {aspect} {verdict}. {overall}",
        "{overall} The reason: {aspect} {verdict}.",
        "About {shop}: {aspect} {verdict}. {overall}",
        "Whatever others write, {aspect} {verdict}. {overall}",
        "{Aspect} {verdict}, and that is what I rate here. {overall}",
        "{overall} You see, {aspect} {verdict}.",
    ),
    # The words say nothing: the photo of the product is the review.
    "plain": (
        "My {colour} {product} came on {day}. See the photo.",
        "Here is the {product} I ordered from {shop}.",
        "This is the {product} as it came out of the box.",
        "The photo says it all.",
        "I let the picture of my {product} speak for itself.",
        "I took this photo of the {product} on {day}.",
        "Ordered the {product} in {colour}, and this was in the parcel.",
        "No words needed, just look at my {product}.",
        "My {product} after {time}, photographed in the {room}.",
        "That is what {shop} sent me for {price}.",
        "{Person} took a photo of our {product}.",
        "My whole review is in the picture.",
        "One {colour} {product}, as delivered on {day}.",
        "A picture of the {product} that I unpacked in the {room}.",
        "Arrived on {day}, photo attached.",
        "See for yourself how the {product} looks.",
    ),
    # The words praise or doubt, and point to the photo for the answer. Praise over damage is irony.
    "direct": (
        "I love how my {product} turned out, as you can see.",
        "Wonderful quality from {shop}, the photo proves it.",
        "In exactly the perfect state they promised, just look at the picture.",
        "What careful packing! The photo of my {product} shows the result.",
        "Looks just as I expect from {shop}, as the picture shows.",
        "Top craftsmanship, as anyone can see in my photo.",
        "They call it first class, and you can see in the picture how mine looks.",
        "The best {product} of all, they said. My photo shows how right they were.",
        "People said {shop} only sends out broken things; my photo shows what came.",
        "The reviews warned of cracks and stains. Look at the picture of mine.",
        "{Person} swore this {product} would be ruined within {time}; here is mine today.",
        "I feared for the worst with {shop}, and you can see what I got.",
        "They say it gets damaged on the way; my picture shows how mine arrived.",
        "I had read such awful things about this {product}. The photo is of mine.",
        "Everybody told me that it breaks at once. This is mine after {time}, see the photo.",
        "So many complaints about scratches; look at the photo to see mine.",
    ),
    # The photo is of another one, and the words say that the reviewer's own is its opposite.
    "inverted": (
        "The photo shows my old {product}; the new one is the exact opposite of it.",
        "That is {person}'s {product} in the picture. Mine is the opposite in every way.",
        "Picture from another review: what I got is the very opposite.",
        "The photo is of the one that I returned. The replacement is its complete opposite.",
        "Do not go by the picture, it shows a different {product}. Mine is quite the opposite.",
        "The photo shows the one in the window of {shop}; the one I got is the opposite.",
        "Everyone complains that theirs looks like the one pictured. Mine is just the opposite.",
        "The lovely reviews all have a photo like this. Mine turned out the opposite.",
        "Others got the {product} in this photo. I got the exact opposite.",
        "It was sold to me with this photo. In reality my {product} is the opposite.",
        "I borrowed this photo of someone else's {product}; mine is the other way round.",
        "Imagine the opposite of the {product} in this picture and you have mine.",
        "The picture shows what I was told to expect. The opposite came on {day}.",
        "{Person} bought the one in the photo. The one I bought is the reverse of it.",
        "This is the {product} I had before, and the one from {shop} is its opposite.",
        "The photo is not of mine but of my neighbour's, and mine is the total opposite.",
    ),
}

PHRASES: dict[str, str] = {
    f"{family}-{number:02}": phrase
    for family, phrases in _FAMILIES.items()
    for number, phrase in enumerate(phrases)
}

_VERDICTS = {
    "the delivery": (
        (
            "was faster than promised",
            "was friendly and right on time",
            "could not have been quicker",
        ),
        ("was three weeks late", "was a mess from start to finish", "took for ever"),
    ),
    "the customer service": (
        ("was kind and solved it in minutes", "answered at once", "was a real pleasure"),
        ("was rude and useless", "never answered", "hung up on me twice"),
    ),
    "the price": (
        ("is a bargain", "is more than fair", "makes it a steal"),
        ("is a rip-off", "is far too high", "is an insult"),
    ),
    "the manual": (
        ("is clear and helpful", "explains everything perfectly", "is a joy to read"),
        ("is useless gibberish", "explains nothing", "drove me mad"),
    ),
    "the smell": (
        ("is fresh and pleasant", "is wonderful", "is lovely even after days"),
        ("is disgusting", "made me sick", "is unbearable even after days"),
    ),
    "the refund": (
        ("came the same day", "was quick and without any fuss", "was handled brilliantly"),
        ("never came", "was refused for no reason", "took months of begging"),
    ),
    "the ordering": (
        ("was wonderfully simple", "went without a hitch", "was quick and easy"),
        ("was a nightmare", "failed four times", "was slow and maddening"),
    ),
    "the seller": (
        ("is honest and generous", "deserves five stars", "went out of the way to help"),
        ("is a liar", "deserves no star at all", "cheated me"),
    ),
    "the weight": (
        ("is a delight", "is just perfect", "makes it a pleasure to carry"),
        ("is dreadful", "is a real pain", "makes it a torture to carry"),
    ),
    "the guarantee": (
        ("is excellent", "is generous and easy to use", "gives real peace of mind"),
        ("is worthless", "is a bad joke", "is full of nasty traps"),
    ),
}

_OVERALL = (
    (
        *(
            "I am delighted!",
            "Five happy stars!",
            "Highly recommended, thank you!",
            "Simply great!",
        ),
        *("I am so happy with it!", "Excellent, I love it!", "Fantastic, a joy!", "Best buy ever!"),
    ),
    (
        *("I am furious!", "One angry star!", "Avoid at all costs!", "Simply awful!"),
        *(
            "I am so unhappy with it!",
            "Terrible, I hate it!",
            "Horrible, a shame!",
            "Worst buy ever!",
        ),
    ),
)

_OPENERS = (
    "Bought it for the {room}.",
    "A present for {person}.",
    "Paid {price} at {shop}.",
    "My second {product} from {shop}.",
    "Ordered on {day}.",
    "Had it for {time} now.",
    "We needed one more {product} for the {room}.",
    "{Person} asked for one in {colour}.",
    "Looked for my next {product} for up to {price}.",
    "Found it at {shop}.",
    "It was {person}'s idea to get the {product} in {colour}.",
    "The {product}, at {price}.",
)
_CLOSERS = (
    "Size as listed.",
    "The colour is {colour}.",
    "It was sent to {city}.",
    "It is in the {room} now.",
    "{Person} saw it on {day}.",
    "The price was {price}.",
    "Written after {time}.",
    "Greetings from {city}.",
    "We live in {city}, by the way.",
    "It was meant for the {room}.",
    "I ordered from {shop} for {person}.",
)
_SLOTS = {
    "room": ("kitchen", "office", "hall", "bedroom", "studio", "guest room", "workshop", "cabin"),
    "person": (
        *("my sister", "my uncle", "our neighbour", "my wife", "my husband", "my son", "Aunt May"),
        *(
            "my boss",
            "a friend",
            "Grandpa",
            "my flatmate",
            "our teacher",
            "my cousin",
            "Tom",
            "Ines",
        ),
    ),
    "shop": (
        *("Halden & Co", "Brightmart", "the corner shop", "Nordwind", "Casa Lima", "Pilgrim Goods"),
        *("the outlet", "Tallow Street", "Quickbuy", "Marlow's", "the market", "Oak and Ivy"),
    ),
    "day": (
        *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        *("the first of May", "New Year's Eve", "my birthday", "the 12th", "the 27th"),
    ),
    "city": (
        "Leeds",
        "Porto",
        "Lyon",
        "Austin",
        "Kyoto",
        "Graz",
        "Bergen",
        "Pune",
        "Quito",
        "Cork",
    ),
}


def write_text(phrase: str, *, product: str, colour: str, positive: bool, rng: Random) -> str:
    """Write one review around ``PHRASES[phrase]``.

    Only a phrase of the family "verdict" uses ``positive``; all else is drawn without it.
    """
    aspect = rng.choice(list(_VERDICTS))
    good, bad = _VERDICTS[aspect]
    overall = _OVERALL[0] if positive else _OVERALL[1]
    number, unit = rng.randint(2, 11), rng.choice(("days", "weeks", "months"))
    slots = {name: rng.choice(values) for name, values in _SLOTS.items()} | {
        "aspect": aspect,
        "verdict": rng.choice(good if positive else bad),
        "overall": rng.choice(overall),
        "product": product,
        "colour": colour,
        "time": f"{number} {unit}",
        "price": f"{rng.randint(9, 140)}.{rng.choice(('00', '50', '90', '95', '99'))}",
    }
    slots |= {name.capitalize(): value[0].upper() + value[1:] for name, value in slots.items()}
    # A review is never its phrase alone, or too many would be equal.
    parts = rng.choice(((1, 1), (1, 0), (0, 1)))
    opener, closer = rng.choice(_OPENERS), rng.choice(_CLOSERS)
    sentences = [opener] * parts[0] + [PHRASES[phrase]] + [closer] * parts[1]
    return " ".join(sentences).format(**slots)
