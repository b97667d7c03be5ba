import CatalogStore
import Foundation
import Testing

@Suite struct SchemaTests {
  /// `catalog/schema.sql` is reviewed in every diff: it must be what the migrations make.
  @Test func goldenSchemaIsTheMigratedOne() throws {
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "catalog/schema.sql")
    #expect(try CatalogFixture().writer.schemaText() == String(contentsOf: golden, encoding: .utf8))
  }

  @Test func freshCatalogIsSound() throws {
    #expect(try CatalogFixture().reader.integrityProblems() == [])
  }

  @Test func readerOpensWhatTheWriterMade() throws {
    let fixture = try CatalogFixture()
    try fixture.record(fixture.frame("a.fits", 1))
    let reader = try CatalogReader(path: fixture.folder + "/catalog.sqlite")
    #expect(try reader.query(Selection()).rows.count == 1)
  }

  @Test func missingCatalogIsSaid() {
    #expect { try CatalogReader(path: "/nonexistent/catalog.sqlite") } throws: {
      ($0 as? CatalogError)?.code == "catalog-missing"
    }
  }
}
