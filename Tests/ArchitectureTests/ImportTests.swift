import Testing

/// The house stands: every `import` line obeys the table, directly and through other rooms.
@Suite struct ImportTests {
  private let checker = ImportChecker(rooms: House.rooms)

  private func breaches(_ sources: [(String, String)]) -> [String] {
    checker.breaches(in: sources.map { .init(path: $0.0, text: $0.1) })
  }

  @Test func everySourceObeysTheTable() throws {
    let paths = Checkout.files(under: "Sources") { $0.hasSuffix(".swift") }
    #expect(paths.count > 10)
    let sources = try paths.map {
      ImportChecker.Source(path: $0, text: try Checkout.text("Sources/" + $0))
    }
    for breach in checker.breaches(in: sources) { Issue.record("\(breach)") }
  }

  @Test func floorsAreOneWay() {
    let floors = Dictionary(uniqueKeysWithValues: House.rooms.map { ($0.name, $0.floor) })
    for room in House.rooms {
      for name in room.mayImport.subtracting(House.beside[room.name] ?? []) {
        guard let floor = floors[name] else { continue }
        #expect(floor < room.floor, "\(room.name) and \(name)")
      }
    }
  }

  @Test func aForbiddenImportIsFound() {
    let found = breaches([("Archive/Watcher.swift", "import Foundation\nimport FITSIO\n")])
    #expect(found.contains("Archive/Watcher.swift: Archive may not import FITSIO"))
    #expect(breaches([("Archive/Watcher.swift", "import Foundation\nimport CatalogStore\n")]) == [])
  }

  @Test func aForbiddenReachThroughAnAllowedImportIsFound() {
    let found = breaches([
      ("Archive/A.swift", "import CatalogStore"), ("CatalogStore/B.swift", "import Metadata"),
      ("Metadata/C.swift", "import DataModels"), ("DataModels/D.swift", "import FITSIO"),
      ("FITSIO/E.swift", "import CCFITSIO"),
    ])
    for name in ["DataModels", "FITSIO", "CCFITSIO"] {
      #expect(found.contains("Archive reaches \(name) through other rooms"))
    }
  }

  @Test func stepsNeverKnowEachOther() {
    let found = breaches([("Steps/Readout/Ramp/RampStep.swift", "import SharedSteps")])
    #expect(found.contains("Steps/Readout/Ramp/RampStep.swift: ReadoutSteps may not import SharedSteps"))
    #expect(found.contains("ReadoutSteps reaches SharedSteps through other rooms"))
  }

  @Test func theWebDoesNotKnowTheDaemonAndAnUnknownRoomIsRefused() {
    #expect(breaches([("WebServer/A.swift", "import Archive")]).count == 2)
    #expect(breaches([("Attic/A.swift", "")]) == ["Attic/A.swift: in no room of the table"])
  }

  @Test(arguments: [
    "import FITSIO", "  import FITSIO // why", "@preconcurrency import FITSIO", "public import FITSIO",
    "@_spi(X) internal import struct FITSIO.Header", "import Foundation; import FITSIO", "import FITSIO.Sub",
  ])
  func importsAreReadInEveryForm(line: String) {
    #expect(ImportChecker.imports(of: "let a = 1\n\(line)\n").contains("FITSIO"))
  }

  @Test(arguments: [
    "// import FITSIO", "/// import FITSIO", "let text = \"import FITSIO\"", "important FITSIO",
  ])
  func whatOnlyLooksLikeAnImportIsNone(line: String) {
    #expect(ImportChecker.imports(of: line) == [])
  }
}
