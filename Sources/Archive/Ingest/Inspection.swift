import CatalogStore

/// What a look at one path came to.
enum Inspection: Sendable {
  /// Ready for the catalog: whole, or bad for good.
  case ready(NewFrame)
  /// Somebody writes to it; its closing will be told.
  case busy
  /// Bytes are missing and nobody writes: `asIs` is recorded when it has not grown for long enough.
  case incomplete(asIs: NewFrame)
  /// It changed while it was read: look again.
  case changed
  /// It is not there any more.
  case gone
  /// Named like a file, but a folder, a link, a device.
  case notAFile(sentence: String)
}
