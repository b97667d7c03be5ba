extension ProvenanceGraph {
  /// The graph as an indented tree for people: first what the file was made of, down to raw files, then what
  /// came of it. A part that was told already is not told again, only named.
  public func tree() -> String {
    var writer = ProvenanceTree(graph: self)
    return writer.text()
  }
}

/// Writes one graph; remembers what was told.
private struct ProvenanceTree {
  let graph: ProvenanceGraph
  private var lines: [String] = []
  private var told: Set<String> = []

  init(graph: ProvenanceGraph) {
    self.graph = graph
  }

  mutating func text() -> String {
    guard let root = graph.entity(graph.root) else { return "" }
    lines.append(describe(root))
    upstream(of: root.id, depth: 1)
    let results = graph.results(of: root.id)
    if !results.isEmpty { lines.append("used for") }
    told.removeAll()
    downstream(of: root.id, depth: 1)
    return lines.joined(separator: "\n") + "\n"
  }

  private mutating func upstream(of entity: String, depth: Int) {
    guard let run = graph.maker(of: entity) else { return }
    guard told.insert(entity).inserted else {
      add("(its own provenance is told above)", depth)
      return
    }
    let seconds = run.seconds.map { " in \(rounded($0)) s" } ?? ""
    add(
      "made \(CatalogTime.text(run.ended ?? run.started))\(seconds) by \(run.pipeline), job \(run.job) attempt "
        + "\(run.attempt), association \(plain(run.association)) (rule \(run.rule))", depth)
    let software = run.software.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    if !software.isEmpty { add("software \(software.joined(separator: ", "))", depth) }
    if !run.steps.isEmpty { add("steps " + run.steps.map(describe).joined(separator: ", "), depth) }
    for use in graph.uses(of: run.id) {
      add(describe(use), depth)
      if let used = use.entity { upstream(of: used, depth: depth + 1) }
    }
  }

  private mutating func downstream(of entity: String, depth: Int) {
    guard told.insert(entity).inserted else { return }
    for (use, made) in graph.results(of: entity) {
      guard let product = graph.entity(made.entity) else { continue }
      let role = use.isReference ? "reference \(use.role)" : use.role
      add("as \(role) by job \(made.activity): \(describe(product))", depth)
      downstream(of: product.id, depth: depth + 1)
    }
  }

  private mutating func add(_ line: String, _ depth: Int) {
    lines.append(String(repeating: "  ", count: depth) + line)
  }

  private func describe(_ step: ProvenanceGraph.Step) -> String {
    step.status == "COMPLETE" ? step.name : "\(step.name) \(step.status)"
  }

  private func describe(_ entity: ProvenanceGraph.Entity) -> String {
    var words = [plain(entity.name)]
    if let level = entity.level { words.append("level \(level)") }
    if let obsname = entity.obsname { words.append(obsname) }
    if let state = entity.state { words.append(state) }
    if let sha256 = entity.sha256 { words.append("sha256 \(sha256)") }
    if let degraded = entity.degraded { words.append("degraded: \(plain(degraded))") }
    return words.joined(separator: "  ")
  }

  private func describe(_ use: ProvenanceGraph.Use) -> String {
    guard use.isReference else {
      let entity = use.entity.flatMap(graph.entity).map(describe) ?? "unknown"
      return "\(use.role): \(entity)\(matched(use))"
    }
    guard use.entity != nil else {
      let why = use.origin == "notApplicable" ? "not applicable" : "none"
      return "reference \(use.role): \(why)\(use.reason.map { " (\(plain($0)))" } ?? "")"
    }
    var words = [
      "reference \(use.role): \(plain(use.file ?? "unnamed")), chosen by \(use.origin ?? "unknown")"
    ]
    if let context = use.context { words.append("context \(context)") }
    if let rule = use.rule { words.append("rule \(plain(rule))") }
    if let useafter = use.useafter { words.append("useafter \(useafter)") }
    let resort = use.lastResort ? ", last resort" : ""
    let reason = use.reason.map { " (\(plain($0)))" } ?? ""
    return words.joined(separator: ", ") + matched(use) + resort + reason
      + "  sha256 \(use.sha256 ?? "unknown")"
  }

  private func matched(_ use: ProvenanceGraph.Use) -> String {
    var text = ""
    if let level = use.level { text += "  match level \(level)" }
    if let distance = use.distance { text += "  distance \(rounded(distance)) s" }
    return text
  }

  private func rounded(_ seconds: Double) -> String {
    guard seconds.isFinite, abs(seconds) < 1e12 else { return "\(seconds)" }
    let tenths = (seconds * 10).rounded() / 10
    return tenths == tenths.rounded() ? String(Int(tenths)) : String(tenths)
  }

  /// Names may hold anything; a tree has one line per thing.
  private func plain(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : $0 }))
  }
}
