import Foundation

/// As much of JSON Schema as `hooks/event.schema.json` uses; a keyword that it does not know is a fault, so that the
/// schema cannot say more than is checked.
struct SchemaCheck {
  private let schema: [String: Any]

  init(file: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: file))
    guard let schema = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw CommandFailed(description: "\(file) is no schema")
    }
    self.schema = schema
  }

  /// What is wrong with a text of JSON; empty when nothing is.
  func faults(of text: String) -> [String] {
    guard let value = try? JSONSerialization.jsonObject(with: Data(text.utf8)) else { return ["no JSON"] }
    return faults(value, schema, "event")
  }

  private func faults(_ value: Any, _ schema: [String: Any], _ place: String) -> [String] {
    schema.keys.sorted().flatMap { keyword -> [String] in
      faults(value, keyword, schema[keyword] as Any, schema, place).map { "\(place): \($0)" }
    }
  }

  private func faults(
    _ value: Any, _ keyword: String, _ wanted: Any, _ schema: [String: Any], _ place: String
  ) -> [String] {
    let object = value as? [String: Any]
    switch keyword {
    case "$schema", "$id", "title", "description": return []
    case "type": return isA(value, wanted as? String ?? "") ? [] : ["is no \(wanted)"]
    case "const": return value as? String == wanted as? String ? [] : ["is not \(wanted)"]
    case "enum":
      return (wanted as? [String] ?? []).contains(value as? String ?? "") ? [] : ["\(value) is unknown"]
    case "required":
      return (wanted as? [String] ?? []).filter { object?[$0] == nil }.map { "\($0) is missing" }
    case "properties":
      let properties = wanted as? [String: [String: Any]] ?? [:]
      return (object ?? [:]).flatMap { name, member in
        properties[name].map { faults(member, $0, "\(place).\(name)") } ?? []
      }
    case "additionalProperties":
      let known = (schema["properties"] as? [String: Any] ?? [:]).keys
      return (object ?? [:]).keys.filter { !known.contains($0) }.map { "\($0) is unexpected" }
    case "minLength": return (value as? String ?? "").count >= wanted as? Int ?? 0 ? [] : ["is too short"]
    case "pattern":
      let text = value as? String ?? ""
      return text.range(of: wanted as? String ?? "^$", options: .regularExpression) == nil ? ["\(text)"] : []
    case "minimum": return value as? Double ?? .nan >= wanted as? Double ?? 0 ? [] : ["\(value) is too small"]
    case "maximum": return value as? Double ?? .nan <= wanted as? Double ?? 0 ? [] : ["\(value) is too large"]
    case "format":
      guard wanted as? String == "date-time" else { return [] }
      let form = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
      return (try? form.parse(value as? String ?? "")) == nil ? ["\(value) is no time"] : []
    default: return ["the check does not know \(keyword)"]
    }
  }

  private func isA(_ value: Any, _ type: String) -> Bool {
    switch type {
    case "object": value is [String: Any]
    case "string": value is String
    case "boolean":
      (value as? NSNumber).map { $0 === NSNumber(value: $0.boolValue) || value is Bool } ?? false
    case "integer": (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } ?? false
    default: false
    }
  }
}
