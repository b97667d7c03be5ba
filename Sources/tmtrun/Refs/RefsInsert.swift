import ArgumentParser
import Foundation
import PipelineEngine
import ReferenceDesk
import References
import Tables

/// `tmtrun refs insert`
struct RefsInsert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "insert", abstract: "Put reference files into the cache and into a new context.",
    discussion: """
      Each file is certified first; one that has a problem, and nothing is changed. The new rmaps, imap and pmap are \
      derived from the context that is named, which stays as it is. The new context's name is printed.
      """)

  @Argument(help: "FITS files.") var files: [String]
  @Option(name: .long, help: "Type of the files; else what their REFTYPE says.") var type: String?
  @OptionGroup var named: ContextOption
  @OptionGroup var output: TableOptions

  func run() throws {
    try Refs.told {
      let (desk, context) = try Refs.context(named.context)
      let headers = try files.map { try FileHeaders(path: $0, verifying: true) }
      try RefsCertify.require(headers, type, context)
      let deliveries = try headers.map { try ReferenceDelivery($0, type: type) }
      let updates = try context.updates(for: deliveries)
      let inserter = ReferenceInserter(cache: desk.cache)
      for delivery in deliveries {
        _ = try inserter.install(delivery.path, as: delivery.name, linking: false)
      }
      let made = try inserter.insert(rows: updates, into: context.name)
      if made == context.name { StandardError.write("\(made) says so already; nothing was changed\n") }
      try output.put(InsertedTable.of(deliveries, updates: updates, context: made))
    }
  }
}

/// What was inserted, a row per file.
private enum InsertedTable {
  static func of(_ deliveries: [ReferenceDelivery], updates: [RowUpdate], context: String) -> Table {
    let columns = [
      Column("file", .string), Column("type", .string), Column("row", .string), Column("useafter", .string),
      Column("context", .string),
    ]
    let rows = deliveries.map { delivery -> [Cell] in
      let update = updates.first { update in
        update.type == delivery.type && update.references.contains { $0.file == delivery.name }
      }
      return [
        .string(delivery.name), .string(delivery.type),
        .string("(" + (update?.matchValues ?? []).map { "'\($0)'" }.joined(separator: ", ") + ")"),
        .string(delivery.useAfter), .string(context),
      ]
    }
    return Table(columns, rows: rows, name: "inserted")
  }
}
