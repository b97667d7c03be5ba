/// Reads the `import` lines of sources and says where they break the table.
struct ImportChecker {
  let rooms: [Room]

  /// One source file: its path relative to `Sources/`, and its text.
  struct Source {
    let path: String
    let text: String
  }

  /// Sentences, one for each breach; none when the house stands.
  func breaches(in sources: [Source]) -> [String] {
    var breaches: [String] = []
    var graph: [String: Set<String>] = [:]
    for source in sources {
      guard let room = room(of: source.path) else {
        breaches.append("\(source.path): in no room of the table")
        continue
      }
      let imports = Self.imports(of: source.text).subtracting(House.free).subtracting([room.name])
      graph[room.name, default: []].formUnion(imports)
      for name in imports.subtracting(room.mayImport).sorted() {
        breaches.append("\(source.path): \(room.name) may not import \(name)")
      }
    }
    for room in rooms {
      let reached = Self.reach(of: room.name, in: graph)
      for name in room.mustNotReach.intersection(reached).sorted() {
        breaches.append("\(room.name) reaches \(name) through other rooms")
      }
    }
    return breaches
  }

  func room(of path: String) -> Room? {
    rooms.first { path.hasPrefix($0.folder + "/") }
  }

  /// Names of the modules that a text imports, whatever the attributes, access level or kind of the import.
  static func imports(of text: String) -> Set<String> {
    var names: Set<String> = []
    let importPattern = importPattern
    for line in text.split(separator: "\n") where line.contains("import") {
      for statement in line.split(separator: ";") {
        if let match = statement.firstMatch(of: importPattern) { names.insert(String(match.1)) }
      }
    }
    return names
  }

  /// All that is reached from `name`, itself left out.
  static func reach(of name: String, in graph: [String: Set<String>]) -> Set<String> {
    var reached: Set<String> = []
    var open = graph[name] ?? []
    while let next = open.popFirst() {
      guard next != name, reached.insert(next).inserted else { continue }
      open.formUnion(graph[next] ?? [])
    }
    return reached
  }

  private static var importPattern: Regex<(Substring, Substring)> {
    #/^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)\s+)?(\w+)/#
  }
}
