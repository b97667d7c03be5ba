import Tables
import Testing

@Suite struct TableFormatTests {
  static let table = Table(
    [
      Column("name", .string, ucd: "meta.id", description: "Name of the file"), Column("level", .int),
      Column(
        "exptime", .double, unit: "s", ucd: "time.duration;obs.exposure",
        description: "Exposure <time> & more"),
      Column("sky", .bool), Column("state", .string), Column("path", .string),
    ],
    rows: [
      [.string("a.fits"), .int(1), .double(60), .bool(false), .string("classified"), .string("/d/a.fits")],
      [
        .string("q\"uote,\t\n<b>.fits"), .int(-2), .double(0.1), .bool(true), .string("held"),
        .string("/data/incoming/2026-07-14/q.fits"),
      ],
      [.null, .null, .double(.nan), .null, .null, .string("")],
    ], name: "files", description: "Files \"held\"")

  @Test func aligned() {
    let expected = """
      name                    level  exptime  sky    state       path
      a.fits                      1       60  false  classified  /d/a.fits
      q"uote,\\t\\n<b>.fits       -2      0.1  true   held        /data/incoming/2026-07-14/q.fits
                                         NaN

      """
    #expect(normalised(TableFormat.table.render(Self.table)) == normalised(expected))
  }

  /// Runs of blanks are compared by the columns they lead to, in `alignment`; here the words count.
  private func normalised(_ text: String) -> [[Substring]] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.split(separator: " ") }
  }

  @Test func alignment() {
    let lines = TableFormat.table.render(Self.table).split(separator: "\n").map(Array.init)
    let column = { (word: String, line: Int) in
      String(lines[line]).range(of: word)?.lowerBound.utf16Offset(in: String(lines[line]))
    }
    #expect(column("state", 0) == column("classified", 1) && column("state", 0) == column("held", 2))
    #expect(column("path", 0) == column("/d/a.fits", 1) && column("path", 0) == column("/data", 2))
    #expect(lines.allSatisfy { $0.last != " " })
  }

  @Test(arguments: [40, 60, 72, 200])
  func fitsTheTerminal(_ width: Int) {
    let lines = TableFormat.table.render(Self.table, options: TextOptions(width: width)).split(
      separator: "\n")
    // Below the sum of the least widths (8 per text column) nothing more can be cut.
    #expect(lines.allSatisfy { $0.count <= max(width, 8 + 5 + 7 + 5 + 8 + 8 + 10) })
    if width < 90 { #expect(lines[2].contains("…")) }
    if width == 200 { #expect(!lines[2].contains("…")) }
  }

  @Test func pathsKeepTheirEnd() {
    let text = TableFormat.table.render(Self.table, options: TextOptions(width: 60))
    #expect(text.contains("q.fits\n"))
  }

  @Test func wideCharactersTakeTwoColumns() {
    let table = Table(
      [Column("a", .string), Column("b", .string)],
      rows: [[.string("天体"), .string("x")], [.string("abcd"), .string("x")]])
    #expect(TableFormat.table.render(table) == "a     b\n天体  x\nabcd  x\n")
  }

  @Test func colourOnlyOnStateWords() {
    let coloured = TableFormat.table.render(Self.table, options: TextOptions(colour: true))
    #expect(
      coloured.contains("\u{1B}[32mclassified\u{1B}[0m") && coloured.contains("\u{1B}[33mheld\u{1B}[0m"))
    #expect(coloured.split(separator: "\u{1B}").count == 5)
    #expect(!TableFormat.table.render(Self.table).contains("\u{1B}"))
  }

  @Test(arguments: [TableFormat.table, .tsv, .ecsv, .jsonl])
  func hostileTextCannotDriveTheTerminalOrSplitARow(_ format: TableFormat) {
    let table = Table([Column("n", .string)], rows: [[.string("a\u{1B}[2J\nb\u{9B}\u{202E}c")]])
    let text = format.render(table)
    #expect(!text.contains("\u{1B}") && !text.contains("\u{9B}"))
    #expect(!text.contains("\nb"))
  }

  @Test func tsv() {
    let expected = """
      name\tlevel\texptime\tsky\tstate\tpath
      a.fits\t1\t60\tfalse\tclassified\t/d/a.fits
      q"uote,\\t\\n<b>.fits\t-2\t0.1\ttrue\theld\t/data/incoming/2026-07-14/q.fits
      \t\tNaN\t\t\t

      """
    #expect(TableFormat.tsv.render(Self.table) == expected)
  }

  @Test func csv() {
    let expected = """
      name,level,exptime,sky,state,path
      a.fits,1,60,false,classified,/d/a.fits
      "q""uote,\t
      <b>.fits",-2,0.1,true,held,/data/incoming/2026-07-14/q.fits
      ,,NaN,,,

      """
    #expect(TableFormat.csv.render(Self.table) == expected)
  }

  @Test func json() {
    let expected = #"""
      [
        {"name": "a.fits", "level": 1, "exptime": 60.0, "sky": false, "state": "classified", "path": \#
      "/d/a.fits"},
        {"name": "q\"uote,\t\n<b>.fits", "level": -2, "exptime": 0.1, "sky": true, "state": "held", "path": \#
      "/data/incoming/2026-07-14/q.fits"},
        {"name": null, "level": null, "exptime": null, "sky": null, "state": null, "path": ""}
      ]

      """#
    #expect(TableFormat.json.render(Self.table) == expected)
    #expect(TableFormat.json.render(Table([Column("a", .int)])) == "[]\n")
  }

  @Test func jsonLines() {
    let lines = TableFormat.jsonl.render(Self.table).split(separator: "\n")
    #expect(lines.count == 3 && lines.allSatisfy { $0.hasPrefix("{\"name\": ") && $0.hasSuffix("}") })
    #expect(TableFormat.jsonl.render(Table([Column("a", .int)])).isEmpty)
  }

  @Test func votable() {
    let text = TableFormat.votable.render(Self.table)
    #expect(text.contains("<VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">"))
    #expect(
      text.contains(
        "<FIELD name=\"exptime\" datatype=\"double\" unit=\"s\" ucd=\"time.duration;obs.exposure\">"
          + "<DESCRIPTION>Exposure &lt;time&gt; &amp; more</DESCRIPTION></FIELD>"))
    #expect(text.contains("<TR><TD></TD><TD></TD><TD>NaN</TD><TD></TD><TD></TD><TD></TD></TR>"))
    #expect(text.contains("<TD>q&quot;uote,&#9;&#10;&lt;b&gt;.fits</TD><TD>-2</TD><TD>0.1</TD><TD>true</TD>"))
  }

  @Test func ecsv() {
    let expected = #"""
      # %ECSV 1.0
      # ---
      # delimiter: ','
      # datatype:
      # - {name: "name", datatype: string, description: "Name of the file", meta: {ucd: "meta.id"}}
      # - {name: "level", datatype: int64}
      # - {name: "exptime", unit: "s", datatype: float64, description: "Exposure <time> & more", \#
      meta: {ucd: "time.duration;obs.exposure"}}
      # - {name: "sky", datatype: bool}
      # - {name: "state", datatype: string}
      # - {name: "path", datatype: string}
      # meta: {description: "Files \"held\""}
      # schema: astropy-2.0
      name,level,exptime,sky,state,path
      a.fits,1,60,False,classified,/d/a.fits
      "q""uote,\t\n<b>.fits",-2,0.1,True,held,/data/incoming/2026-07-14/q.fits
      ,,nan,,,""

      """#
    #expect(TableFormat.ecsv.render(Self.table) == expected)
  }

  @Test func selection() throws {
    let picked = try Self.table.selecting(["state", "name"])
    #expect(
      picked.columns.map(\.name) == ["state", "name"]
        && picked.rows[0] == [.string("classified"), .string("a.fits")])
    #expect { try Self.table.selecting(["stat"]) } throws: {
      let error = $0 as? TablesError
      return error?.code == "unknown-column" && error?.hint == "did you mean: state"
    }
  }

  @Test func optionalCells() {
    #expect(Cell(String?.none) == .null && Cell(3 as Int?) == .int(3) && Cell(Double?.none) == .null)
    #expect(Cell(true as Bool?) == .bool(true))
    #expect(Cell.double(1e300).text == "1e+300" && Cell.double(300).text == "300")
  }
}
