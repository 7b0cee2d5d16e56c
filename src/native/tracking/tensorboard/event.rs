//! The protobuf of an event, written by hand: six kinds of fields need no generator.
//!
//! ```text
//! Event    { 1 double wall_time; 2 int64 step; 3 string file_version; 5 Summary summary }
//! Summary  { 1 repeated Value value }
//! Value    { 1 string tag; 2 float simple_value; 8 TensorProto tensor; 9 SummaryMetadata metadata }
//! Metadata { 1 PluginData { 1 string plugin_name }; 4 DataClass data_class }
//! Tensor   { 1 DataType dtype; 2 TensorShape shape; 8 repeated bytes string_val }
//! ```

const DT_STRING: u64 = 7;
const DATA_CLASS_TENSOR: u64 = 2;

/// What an event says.
#[derive(Debug)]
pub(super) enum What<'a> {
    /// The first event of a file.
    Version,
    /// Numbers by name; f32 in the file.
    Scalars(&'a [(String, f64)]),
    /// A text in Markdown.
    Text {
        /// Its name.
        tag: &'a str,
        /// The text.
        text: &'a str,
    },
}

/// A message in the making.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn key(&mut self, field: u64, wire: u64) {
        self.varint(field << 3 | wire);
    }

    fn integer(mut self, field: u64, value: u64) -> Self {
        self.key(field, 0);
        self.varint(value);
        self
    }

    fn double(mut self, field: u64, value: f64) -> Self {
        self.key(field, 1);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn float(mut self, field: u64, value: f32) -> Self {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.key(field, 2);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    fn message(self, field: u64, inner: Self) -> Self {
        self.bytes(field, &inner.0)
    }
}

/// An event as bytes. `now` is seconds since 1970; a `step` of 0 is the default and left out, as protobuf does.
pub(super) fn encoded(now: f64, step: u64, what: &What<'_>) -> Vec<u8> {
    let mut event = Message::default().double(1, now);
    if step != 0 {
        event = event.integer(2, step);
    }
    let event = match what {
        What::Version => event.bytes(3, b"brain.Event:2"),
        What::Scalars(values) => {
            let add = |summary: Message, (tag, value): &(String, f64)| {
                summary.message(1, Message::default().bytes(1, tag.as_bytes()).float(2, *value as f32))
            };
            event.message(5, values.iter().fold(Message::default(), add))
        }
        What::Text { tag, text } => {
            let plugin = Message::default().bytes(1, b"text");
            let metadata = Message::default().message(1, plugin).integer(4, DATA_CLASS_TENSOR);
            // An empty shape is a scalar: one text.
            let tensor =
                Message::default().integer(1, DT_STRING).message(2, Message::default()).bytes(8, text.as_bytes());
            let value = Message::default().bytes(1, tag.as_bytes()).message(8, tensor).message(9, metadata);
            event.message(5, Message::default().message(1, value))
        }
    };
    event.0
}
