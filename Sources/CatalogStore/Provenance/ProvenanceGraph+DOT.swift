extension ProvenanceGraph {
  /// The graph in Graphviz's language: boxes are files (references dashed), ellipses are runs, arrows point
  /// the way the data went.
  public func dot() -> String {
    var lines = ["digraph provenance {", "  rankdir=LR;", "  node [fontname=\"sans-serif\", fontsize=10];"]
    let references = Set(uses.filter(\.isReference).compactMap(\.entity))
    for entity in entities {
      let style = references.contains(entity.id) ? ", style=dashed" : entity.id == root ? ", style=bold" : ""
      let label = [entity.name, entity.obsname, entity.sha256.map { String($0.prefix(12)) }].compactMap { $0 }
      lines.append("  \(Self.quoted(entity.id)) [shape=box, label=\(Self.label(label))\(style)];")
    }
    for activity in activities {
      let label = [activity.pipeline, "\(activity.job) attempt \(activity.attempt)"]
      lines.append("  \(Self.quoted(activity.id)) [shape=ellipse, label=\(Self.label(label))];")
    }
    for use in uses {
      guard let entity = use.entity else { continue }
      lines.append(
        "  \(Self.quoted(entity)) -> \(Self.quoted(use.activity)) [label=\(Self.quoted(use.role))];")
    }
    for made in generations {
      lines.append(
        "  \(Self.quoted(made.activity)) -> \(Self.quoted(made.entity)) [label=\(Self.quoted(made.kind))];")
    }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  private static func label(_ rows: [String]) -> String {
    "\"" + rows.map(escaped).joined(separator: "\\n") + "\""
  }

  private static func quoted(_ text: String) -> String { "\"\(escaped(text))\"" }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 32 || scalar.value == 127: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
