//! Names for runs and logged models that were given none: `bold-falcon-417`, as MLflow does.

const ADJECTIVES: [&str; 48] = [
    "able", "amber", "bold", "brave", "brisk", "calm", "clean", "clear", "clever", "crisp", "deft",
    "eager", "exact", "fair", "fine", "firm", "fleet", "fresh", "gentle", "glad", "grand", "keen",
    "kind", "light", "lively", "lucid", "merry", "mild", "neat", "nimble", "noble", "patient",
    "placid", "proud", "quick", "quiet", "rapid", "ready", "sharp", "sleek", "smart", "solid",
    "steady", "sunny", "swift", "tidy", "vivid", "wise",
];

const NOUNS: [&str; 48] = [
    "anvil", "badger", "beacon", "birch", "bison", "brook", "cedar", "cobalt", "comet", "condor",
    "copper", "crane", "delta", "ember", "falcon", "fern", "finch", "fjord", "forge", "fox",
    "glade", "grove", "harbor", "hare", "hawk", "heron", "ibis", "iron", "lark", "lynx", "maple",
    "marten", "mesa", "moose", "nickel", "otter", "owl", "panda", "pike", "quartz", "raven",
    "reef", "robin", "sable", "salmon", "spruce", "stork", "wren",
];

/// A name of an adjective, a noun and a number from 0 to 999.
pub(crate) fn random_name(random: u128) -> String {
    let adjective = pick(&ADJECTIVES, random);
    let noun = pick(&NOUNS, random >> 32);
    let number = (random >> 64) % 1000;
    format!("{adjective}-{noun}-{number}")
}

fn pick<'a>(words: &[&'a str], random: u128) -> &'a str {
    // The remainder of a 32-bit number by 48 always fits.
    let index = usize::try_from((random & 0xffff_ffff) % words.len() as u128).unwrap_or_default();
    words[index]
}

#[cfg(test)]
mod tests {
    use super::random_name;

    #[test]
    fn the_same_bits_give_the_same_name() {
        assert_eq!(random_name(0), "able-anvil-0");
        assert_eq!(random_name((7 << 64) | (2 << 32) | 1), "amber-beacon-7");
    }
}
