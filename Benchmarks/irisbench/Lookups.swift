import ArgumentParser
import Foundation
import References

/// `irisbench lookups`: what the rules choose for many headers, and how long that takes.
///
/// The answer is JSON: `choices`, for each header what each type gets (a file, `n/a`, `omitted`, `none`, or the files
/// that bracket it), and the `seconds` of each round of look-ups alone.
struct Lookups: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lookups", abstract: "Look references up for the headers of a JSON file.")

  @Option(help: "An rmap to look up in; else --cache and --context.") var rmap: String?
  @Option(help: "A CRDS cache.") var cache: String?
  @Option(help: "A context of it.") var context = "latest"
  @Option(help: "Timed rounds.") var rounds = 1
  @Argument(help: "JSON array of objects, names to values.") var headers: String

  private struct Answer: Encodable {
    var choices: [[String: String]]
    var seconds: [Double]
  }

  func run() throws {
    let headers = try JSONDecoder().decode(
      [[String: String]].self, from: Data(contentsOf: URL(fileURLWithPath: headers)))
    let look = try rules()
    var answer = Answer(choices: [], seconds: [])
    for round in 0...max(rounds, 1) {
      let run = timed { headers.map(look) }
      // The first round is not counted: it warms caches, and gives the answer.
      if round == 0 { answer.choices = run.result } else { answer.seconds.append(run.seconds) }
    }
    print(String(decoding: try JSONEncoder().encode(answer), as: UTF8.self))
  }

  private func rules() throws -> ([String: String]) -> [String: String] {
    if let rmap {
      let name = rmap.split(separator: "/").last.map(String.init) ?? rmap
      let rules = try ReferenceRules(text: try String(contentsOfFile: rmap, encoding: .utf8), name: name)
      return { header in [rules.type: Self.word(rules.bestReference(header: header), rules, header)] }
    }
    guard let cache else { throw ValidationError("--rmap or --cache is needed") }
    let place = RulesCache(path: cache)
    let context = try RulesContext(cache: place, context: try place.contextName(context), checksums: .refuse)
    let types = context.types
    return { header in
      var choices: [String: String] = [:]
      for type in types {
        let result = context.bestReference(type: type, header: header)
        choices[type] = Self.word(result, context.rules(type: type), header)
      }
      return choices
    }
  }

  private static func word(
    _ result: LookupResult, _ rules: ReferenceRules?, _ header: [String: String]
  ) -> String {
    switch result {
    case .found(let file, _, _, _): file
    case .notApplicable: "n/a"
    case .omitted: "omitted"
    case .noMatch: rules?.bracketedReferences(header: header)?.joined(separator: " ") ?? "none"
    }
  }
}
