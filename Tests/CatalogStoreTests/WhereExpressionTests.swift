import CatalogStore
import Testing

@Suite struct WhereExpressionTests {
  private func names(_ text: String) throws -> [String] {
    let fixture = try CatalogFixture()
    for (n, seconds) in [10.0, 60, 120, 300].enumerated() {
      try fixture.record(
        fixture.frame("f\(n).fits", n) {
          $0.exptime = seconds
          $0.filter = n % 2 == 0 ? "K" : "H"
          $0.object = n == 3 ? "it's \"M31\"" : nil
          $0.level = n == 0 ? 0 : 1
        })
    }
    var selection = Selection()
    selection.expression = try WhereExpression(text)
    return try fixture.reader.query(selection, columns: ["name"]).rows.map { $0[0].description }
  }

  @Test(arguments: [
    ("exptime >= 60", ["f1.fits", "f2.fits", "f3.fits"]),
    ("exptime >= 60 and filter = 'K'", ["f2.fits"]),
    ("filter = 'K' or exptime > 100 and filter = 'H'", ["f0.fits", "f2.fits", "f3.fits"]),
    ("(filter = 'K' or exptime > 100) and filter = 'H'", ["f3.fits"]),
    ("not filter = 'K'", ["f1.fits", "f3.fits"]),
    ("not not filter == \"K\"", ["f0.fits", "f2.fits"]),
    ("exptime between 60 and 120", ["f1.fits", "f2.fits"]),
    ("exptime not in (10, 6e1)", ["f2.fits", "f3.fits"]),
    ("level <> 1", ["f0.fits"]),
    ("name glob 'f[12]*'", ["f1.fits", "f2.fits"]),
    ("object like '%M31%'", ["f3.fits"]),
    ("object = 'it''s \"M31\"'", ["f3.fits"]),
    ("object is null", ["f0.fits", "f1.fits", "f2.fits"]),
    ("OBJECT IS NOT NULL", ["f3.fits"]),
    ("not object = 'x'", ["f0.fits", "f1.fits", "f2.fits", "f3.fits"]),
    // Frame n was taken at 1783000000 s + n, which is 2026-07-02T13:46:40Z + n.
    ("date_obs >= '2026-07-02T13:46:42Z'", ["f2.fits", "f3.fits"]),
    ("date_obs > '1999-01-01' and date_obs < '2100-01-01'", ["f0.fits", "f1.fits", "f2.fits", "f3.fits"]),
    ("name = 'x''; DROP TABLE frame; --'", []),
    ("exptime > -5.5e0", ["f0.fits", "f1.fits", "f2.fits", "f3.fits"]),
  ])
  func selects(_ text: String, _ expected: [String]) throws {
    #expect(try names(text) == expected)
  }

  @Test(arguments: [
    ("exptime >=", "where-syntax"), ("exptime 60", "where-syntax"), ("(exptime > 1", "where-syntax"),
    ("exptime > 1)", "where-syntax"), ("exptime > 'long'", "where-type"), ("date_obs > 5", "where-type"),
    ("date_obs > 'yesterday'", "where-type"), ("exptme > 1", "unknown-column"), ("1 = 1", "where-syntax"),
    ("name = 'open", "where-syntax"), ("exptime > 1; DROP TABLE frame", "where-syntax"),
    ("name = name", "where-syntax"), ("exptime like '6%'", "where-type"), ("", "where-syntax"),
    (String(repeating: "(", count: 500) + "level = 1" + String(repeating: ")", count: 500), "where-syntax"),
    ("exptime > 1e999", "where-syntax"), ("random() = 1", "unknown-column"),
  ])
  func refuses(_ text: String, _ code: String) {
    #expect { try WhereExpression(text) } throws: { ($0 as? CatalogError)?.code == code }
  }

  @Test func unknownColumnNamesItsNeighbours() {
    #expect { try WhereExpression("exptme > 1") } throws: {
      ($0 as? CatalogError)?.hint?.contains("exptime") == true
    }
  }
}
