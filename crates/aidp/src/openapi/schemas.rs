//! The schemas of all wire structs.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// What describes a wire struct.
pub(crate) type Describe = fn(&mut SchemaGenerator) -> Schema;

/// The schemas of wire structs, and those that they refer to by name.
pub(super) struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
    named: Map<String, Value>,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let mut settings = SchemaSettings::draft2020_12();
        settings.meta_schema = None;
        settings.definitions_path = "/components/schemas".into();
        Self {
            requests: settings.clone().for_deserialize().into_generator(),
            answers: settings.for_serialize().into_generator(),
            named: Map::new(),
        }
    }

    /// The schema of what a body is read into, by name.
    pub(super) fn body(&mut self, name: String, describe: Describe) -> Value {
        let schema = describe(&mut self.requests).to_value();
        self.name(name, schema)
    }

    /// The schema of what a query string is read into. There is no `null` in a query string.
    pub(super) fn query(&mut self, describe: Describe) -> Value {
        let mut schema = describe(&mut self.requests).to_value();
        remove_null(&mut schema);
        schema
    }

    /// The schema of an answer, by name.
    pub(super) fn answer(&mut self, name: String, describe: Describe) -> Value {
        let mut schema = describe(&mut self.answers).to_value();
        remove_null(&mut schema);
        self.name(name, schema)
    }

    /// The schema of a part of an answer.
    pub(super) fn part_of_answers<T: JsonSchema>(&mut self) -> Value {
        self.answers.subschema_for::<T>().to_value()
    }

    /// All schemas that have a name.
    pub(super) fn into_named(mut self) -> Map<String, Value> {
        let mut named = self.requests.take_definitions(true);
        let mut answers = self.answers.take_definitions(true);
        answers.values_mut().for_each(remove_null);
        named.append(&mut answers);
        named.append(&mut self.named);
        named
    }

    fn name(&mut self, name: String, schema: Value) -> Value {
        let reference = json!({"$ref": format!("#/components/schemas/{name}")});
        self.named.insert(name, schema);
        reference
    }
}

/// Makes the optional properties of an object ones that are absent, and never `null`: so are those
/// of all answers, and the arguments of a query string.
fn remove_null(schema: &mut Value) {
    let required = schema.get("required").cloned().unwrap_or_default();
    let required = required.as_array().map_or(&[][..], Vec::as_slice);
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, property) in properties {
        if !required.iter().any(|required| required == name) {
            without_null(property);
        }
    }
}

fn without_null(property: &mut Value) {
    if let Some(types) = property.get_mut("type") {
        keep_one(types, |kind| kind != "null");
    } else if let Some(choices) = property.get_mut("anyOf") {
        keep_one(choices, |choice| choice["type"] != "null");
        if choices.is_object() {
            *property = choices.take();
        }
    }
}

/// Drops items of a list, and the list itself when one item is left.
fn keep_one(list: &mut Value, keep: impl Fn(&Value) -> bool) {
    let Some(items) = list.as_array_mut() else {
        return;
    };
    items.retain(keep);
    if let [item] = items.as_mut_slice() {
        *list = item.take();
    }
}
