import CatalogStore
import Foundation
import Glibc
import Testing

/// An archive that has run for a year is as quick as a new one: arrivals, queries, start.
@Suite(.serialized) struct YearTests {
  private static let count = Torture.count("ROWS", short: 20_000, long: 1_000_000)
  /// Seconds: what the 99th percentile of the long form may be, by the clock. The short form runs beside other tests on
  /// busy machines: queries and commands are judged by the processor's time, and of the rest only a collapse is told.
  private static let limit = 0.05
  private static let collapse = 10.0
  /// Processor seconds of a whole command in the short form.
  private static let commandLimit = 0.5
  private static let fraction = Torture.isLong ? 0.99 : 0.5

  @Test func aYearOfFilesIsFoundAtOnceAndNotReadAgain() async throws {
    let archive = try await TestArchive(["intake": ["reconcile_interval": "1 h"]], stem: "year")
    let frame = try await Frames.make("year", "LEN-TEL", ["--exptime", "10", "--detector-size", "16"])
    try archive.drop(frame, as: "first.fits")
    #expect(try await archive.watchOnce().exit == 0)
    let year = CatalogYear(archive: archive, count: Self.count)
    let filling = try Self.seconds { try year.fill() }
    Torture.progress("\(Self.count) files made and catalogued in \(Int(filling)) s")

    try await Self.queries(year)
    try await Self.commands(year)
    let start = ContinuousClock.now
    let daemon = try await Daemon(archive)
    let startUp = Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
    let peak = Processes.peakBytes(of: daemon.pid) ?? 0
    Torture.report(
      "year: start", "\(Self.count) files reconciled in \(startUp) s, daemon's peak \(peak >> 20) MiB")
    #expect(startUp < 60)
    try await Self.arrivals(archive, frame)
    #expect(try await daemon.stop() == 0)
    // Nothing was read again, taken twice or thought missing: a read would have found zeros, which are not FITS.
    let reader = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite")
    var selection = Selection()
    selection.patterns["state"] = ["classified"]
    let found = try reader.query(selection, columns: ["name"], limit: 1)
    #expect(found.total == Self.count + 1 + Self.arrivalCount)
  }

  private static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let time = try ContinuousClock().measure(body)
    return Double(time / .microseconds(1)) / 1e6
  }

  /// Processor seconds of this process or of its ended children so far: what a busy machine does not change.
  private static func processorSeconds(_ who: __rusage_who) -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(who.rawValue), &usage)
    return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
  }

  /// Processor seconds of this thread so far: a query runs in the thread that asks.
  private static func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  // MARK: queries

  /// Kinds of questions, as selections of the catalog and as words of the command.
  private static func questions(_ year: CatalogYear, _ dice: inout Dice) -> [(String, Selection, [String])] {
    var (obsname, night, object, cone) = (Selection(), Selection(), Selection(), Selection())
    let name = CatalogYear.obsnames.randomElement(using: &dice)!
    obsname.patterns["obsname"] = [name]
    let date = CatalogYear.night(Int.random(in: 0..<CatalogYear.nights, using: &dice))
    night.patterns["night"] = [date]
    let target = Int.random(in: 0..<year.objects, using: &dice)
    object.patterns["object"] = [CatalogYear.object(target)]
    let place = CatalogYear.position(target, of: year.objects)
    cone.cone = SelectionCone(ra: place.ra, dec: place.dec, radiusArcseconds: 10)
    return [
      ("obsname", obsname, ["--obsname", name]), ("night", night, ["--night", date]),
      ("object", object, ["--object", CatalogYear.object(target)]),
      ("cone", cone, ["--near", "\(place.ra),\(place.dec)", "--radius", "10"]),
    ]
  }

  private static func spent(_ what: String, _ seconds: Double, _ times: [String: [Double]]) {
    let count = times.values.map(\.count).reduce(0, +)
    Torture.report(
      "year: \(what)", String(format: "%.1f ms of processor each", 1000 * seconds / Double(count)))
  }

  private static func judge(_ what: String, _ times: [String: [Double]], limit: Double = limit) {
    for (name, values) in times.sorted(by: { $0.key < $1.key }) {
      Torture.report("year: \(what) by \(name)", Torture.milliseconds(values))
      let value = Torture.quantile(values, fraction)
      #expect(value < limit, "\(what) by \(name): \(Torture.milliseconds(values))")
    }
  }

  /// In this process, with the columns and the limit that the command has.
  private static func queries(_ year: CatalogYear) async throws {
    let reader = try CatalogReader(path: year.archive.root + "/catalog/catalog.sqlite")
    var dice = Dice(Torture.seed)
    var times: [String: [Double]] = [:]
    let before = processorSeconds(RUSAGE_SELF)
    for _ in 0..<Torture.count("QUERIES", short: 20, long: 300) {
      for (name, selection, _) in questions(year, &dice) {
        var rows = 0
        let spent = threadSeconds()
        let passed = try seconds { rows = try reader.query(selection, limit: 1000).rows.count }
        times[name, default: []].append(Torture.isLong ? passed : threadSeconds() - spent)
        #expect(rows > 0, "nothing by \(name)")
      }
    }
    spent("query", processorSeconds(RUSAGE_SELF) - before, times)
    judge("query", times)
  }

  /// As a whole command, from start to exit.
  private static func commands(_ year: CatalogYear) async throws {
    var dice = Dice(Torture.seed + 1)
    var times: [String: [Double]] = [:]
    let before = processorSeconds(RUSAGE_CHILDREN)
    for _ in 0..<Torture.count("COMMANDS", short: 5, long: 100) {
      for (name, _, words) in questions(year, &dice) {
        let clock = ContinuousClock.now
        let answer = try await Command.run(
          "/bin/bash",
          ["-c", "TIMEFORMAT='%U %S'; time \"$@\"", "bash", Programs.irisarchive, "query"] + words,
          environment: ["IRISARCHIVE_ROOT": year.archive.root])
        let passed = Double((ContinuousClock.now - clock) / .microseconds(1)) / 1e6
        let spent = answer.talk.split(separator: "\n").last?.split(separator: " ").compactMap { Double($0) }
        #expect(answer.exit == 0 && !answer.out.isEmpty && spent?.count == 2, "\(answer.talk)")
        times[name, default: []].append(Torture.isLong ? passed : spent?.reduce(0, +) ?? .infinity)
      }
    }
    spent("irisarchive query", processorSeconds(RUSAGE_CHILDREN) - before, times)
    // The start of a process and 1,000 rows as text come on top of the catalog's answer.
    judge("irisarchive query", times, limit: Torture.isLong ? 2 * limit : commandLimit)
  }

  // MARK: arrivals

  private static let arrivalCount = Torture.count("ARRIVALS", short: 20, long: 300)

  /// From the closing of a file to its row.
  private static func arrivals(_ archive: TestArchive, _ frame: String) async throws {
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: frame)))
    FITSRecords.forgetChecksums(&bytes)
    let reader = try CatalogReader(path: archive.root + "/catalog/catalog.sqlite")
    for index in 0..<arrivalCount {
      FITSRecords.set("OBJECT", "'late \(index)'", in: &bytes)
      try archive.drop(Data(bytes), as: "late/f\(index).fits")
      await Eventually.pause(0.02)
    }
    var selection = Selection()
    selection.patterns["object"] = ["late *"]
    var times: [Double] = []
    try await Eventually.holds("the late ones", within: 60, every: 0.1) {
      let rows = try reader.query(selection, columns: ["arrived_at", "recorded_at"]).rows
      times = rows.map { row in
        guard case .time(let arrived) = row[0], case .time(let recorded) = row[1] else { return .infinity }
        return recorded - arrived
      }
      return times.count == arrivalCount
    }
    judge("arrival", ["closing": times], limit: Torture.isLong ? limit : collapse)
  }
}
