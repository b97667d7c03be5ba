import Foundation
import Tables
import Testing

/// What other programs read out of our formats. Skipped, saying so, where they are not installed.
@Suite struct ParseBackTests {
  private static let python = "/usr/bin/python3"

  @Test func pythonReadsTheJSON() throws {
    guard FileManager.default.isExecutableFile(atPath: Self.python) else {
      print("skipped: JSON parse-back, no \(Self.python)")
      return
    }
    let script = """
      import json, sys
      rows = json.load(sys.stdin)
      print(len(rows), list(rows[0]), rows[1]['name'].encode('unicode_escape').decode(), rows[2]['exptime'])
      """
    let output = try run(["-c", script], input: TableFormat.json.render(TableFormatTests.table))
    #expect(
      output == "3 ['name', 'level', 'exptime', 'sky', 'state', 'path'] q\"uote,\\t\\n<b>.fits None\n")
  }

  @Test(arguments: [TableFormat.votable, .ecsv])
  func astropyReadsTheTables(_ format: TableFormat) throws {
    guard try astropyIsInstalled() else {
      print("skipped: \(format.rawValue) parse-back, \(Self.python) has no astropy")
      return
    }
    let script = """
      import io, sys, warnings
      from astropy.table import Table
      warnings.simplefilter('error')
      data = io.BytesIO(sys.stdin.buffer.read())
      form = sys.argv[1]
      source = data if form == 'votable' else data.getvalue().decode()
      t = Table.read(source, format='votable' if form == 'votable' else 'ascii.ecsv')
      print(t.colnames, len(t), t['exptime'].unit, t['exptime'].description)
      a, b, c = t['level'][:2], t['exptime'][:2], t['sky'][:2]
      print([int(v) for v in a], [float(v) for v in b], [bool(v) for v in c])
      print(t['level'].mask[2], str(t['state'][1]), str(t['path'][1]))
      """
    let output = try run(["-c", script, format.rawValue], input: format.render(TableFormatTests.table))
    #expect(
      output == """
        ['name', 'level', 'exptime', 'sky', 'state', 'path'] 3 s Exposure <time> & more
        [1, -2] [60.0, 0.1] [False, True]
        True held /data/incoming/2026-07-14/q.fits

        """)
  }

  private func astropyIsInstalled() throws -> Bool {
    guard FileManager.default.isExecutableFile(atPath: Self.python) else { return false }
    return try run(
      ["-c", "import importlib.util as u; print(u.find_spec('astropy') is not None)"], input: "")
      == "True\n"
  }

  /// Runs Python with text on its input and gives what it prints.
  private func run(_ arguments: [String], input: String) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: Self.python)
    process.arguments = arguments
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    try process.run()
    try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: output, as: UTF8.self)
  }
}
