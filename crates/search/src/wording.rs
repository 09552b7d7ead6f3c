//! The words of refusals. The reference has a parser for each entity, and each has words of its own;
//! here there is one parser, and the words are data.

/// How refusals speak of one entity's filters. What stands in angle brackets is filled in.
#[derive(Debug)]
pub struct Wording {
    /// A filter of blanks alone: `<filter>`, `<quoted>`.
    pub(crate) blank: &'static str,
    /// Several statements with semicolons between them: `<quoted>`.
    pub(crate) statements: &'static str,
    /// Words that belong to no comparison: `<words>`, `<quoted>`.
    pub(crate) syntax: &'static str,
    /// What stands around each of the `<words>`.
    pub(crate) word_mark: &'static str,
    /// A name with a prefix that the entity does not have: `<scope>`.
    pub(crate) scope: &'static str,
    /// A value that is no text, for an attribute that is: `<value>`.
    pub(crate) text: &'static str,
    /// A number for an attribute that is text: `<value>`.
    pub(crate) number_for_text: &'static str,
    /// A fraction for an attribute of integers: `<key>`, `<value>`.
    pub(crate) fraction: &'static str,
    /// An operator that texts do not take: `<operator>`, `<allowed>`, `<scopes>`, `<key>`.
    pub(crate) text_operator: &'static str,
    /// An operator that numbers do not take, in the same way.
    pub(crate) number_operator: &'static str,
    /// An operator that tags and params do not take, in the same way.
    pub(crate) keyed_operator: &'static str,
    /// `IS NULL` of what is neither tag nor param: `<scope>`, `<key>`.
    pub(crate) null: &'static str,
    /// Whether the operator is looked at before the value, so that it is what is complained of.
    pub(crate) operator_first: bool,
}

const TEXT: &str = "Expected a quoted string value for attributes. Got value <value>";
const REGISTRY_TEXT: &str = "Expected a quoted string value or a list of quoted string values for \
                             attributes. Got value <value>";

impl Wording {
    /// Of entities with attributes and tags; each says what is different in its own.
    pub(crate) const BASE: Self = Self {
        blank: "Invalid filter '<filter>'. Could not be parsed.",
        statements: "Search filter contained multiple expression <quoted>. Provide AND-ed \
                     expression list.",
        syntax: "Invalid clause(s) in filter string: <words>",
        word_mark: "",
        scope: "Invalid entity type '<scope>'. Valid entity types are ('attribute', 'tag', 'tags')",
        text: TEXT,
        number_for_text: TEXT,
        fraction: "Invalid value for numeric attribute '<key>': <value>",
        text_operator: "Invalid comparator '<operator>' not one of '{<allowed>}'",
        number_operator: "Invalid comparator '<operator>' not one of '{<allowed>}'",
        keyed_operator: "Invalid comparator for tag: <operator>",
        null: "IS NULL / IS NOT NULL is only supported for tags, not for <scope> '<key>'",
        operator_first: false,
    };

    /// Of the registry's entities.
    pub(crate) const REGISTRY: Self = Self {
        text: REGISTRY_TEXT,
        number_for_text: REGISTRY_TEXT,
        text_operator: "Invalid comparator for attribute: <operator>",
        number_operator: "Invalid comparator for attribute <key>: <operator>",
        ..Self::BASE
    };
}

/// The template with each name in angle brackets replaced by its value, in one pass, so that what a
/// client wrote is never taken for a name.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find('<') {
        let (before, name) = rest.split_at(start);
        filled.push_str(before);
        let named = |(key, _): &&(&str, &str)| name.starts_with(key);
        let Some((key, value)) = values.iter().find(named) else {
            filled.push('<');
            rest = &name[1..];
            continue;
        };
        filled.push_str(value);
        rest = &name[key.len()..];
    }
    filled + rest
}

/// Texts as Python lists them, without what it puts around the list: `'a', 'b'`.
pub(crate) fn listed<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    listed_in(texts, "'")
}

/// Texts with commas between them, and `mark` around each.
pub(crate) fn listed_in<'a>(texts: impl IntoIterator<Item = &'a str>, mark: &str) -> String {
    let marked = texts.into_iter().map(|text| format!("{mark}{text}{mark}"));
    marked.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_template_are_filled_in() {
        let values = [("<operator>", "<key>"), ("<key>", "k")];
        assert_eq!(
            fill("a <key> < <operator>> <other>", &values),
            "a k < <key>> <other>"
        );
    }
}
