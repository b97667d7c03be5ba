import ArgumentParser
import PipelineEngine
import Tables

/// `tmtrun compare A B`: what differs between two products; exit 0 when nothing does, 4 when something does.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare two products: HDUs, shapes, units, values, flags, keywords.",
    discussion: """
      One row for each image and table, and one for each difference elsewhere. Differences of values are B - A;
      rms_sigma and beyond are in units of the ERR of A. Passed over: when, where and by what a file was written
      (DATE FILENAME CHECKSUM DATASUM HISTORY COMMENT ORIGIN DRSVER CRDS_VER) and the keywords of --ignore.
      """)

  @Argument(help: "The product to compare with.")
  var first: String

  @Argument(help: "The product that is compared.")
  var second: String

  @Option(help: "Also give the fraction of pixels that differ by more than so many sigma.")
  var sigma: Double?

  @Option(help: ArgumentHelp("Keywords, and names of HDUs, to pass over.", valueName: "a,b,c"))
  var ignore: String?

  @OptionGroup var output: TableOutput

  func run() throws {
    if let sigma, !(sigma > 0) { throw ValidationError("--sigma takes a number above 0") }
    let passed = Set((ignore ?? "").split(separator: ",").map { $0.uppercased() })
    let rows = try ProductComparison(sigma: sigma, ignoring: passed).compare(first, second)
      .filter { !passed.contains($0.hdu.uppercased()) }
    try output.put(Self.table(rows))
    guard rows.allSatisfy(\.isSame) else {
      throw Failure.Exit(code: PipelineEngine.ExitCode.problemsFound.rawValue)
    }
  }

  private static func table(_ rows: [ComparisonRow]) -> Table {
    Table(
      [
        Column("hdu", .string), Column("what", .string), Column("state", .string), Column("pixels", .int),
        Column("differing", .int), Column("max_abs", .double), Column("rms_sigma", .double),
        Column("beyond", .double), Column("detail", .string),
      ],
      rows: rows.map { row in
        [
          .string(row.hdu), .string(row.what), .string(row.isSame ? "same" : "differs"), Cell(row.pixels),
          Cell(row.differing), Cell(row.maxAbsolute), Cell(row.rmsSigma), Cell(row.beyond),
          .string(row.detail),
        ]
      }, name: "comparison")
  }
}
