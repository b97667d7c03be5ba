import Foundation
import GRDB
import Glibc

/// A year of an archive, written straight into a catalog of the real schema, with a sparse file for each row: what
/// `reconcile` compares (size, time, inode) is as if each had come in.
struct CatalogYear {
  static let nights = 365
  static let obsnames = [
    "IMG1-SCI", "IMG1-SKY", "IMG1-DRK", "IMG1-NFF", "IMG1-TEL", "LEN-SCI", "LEN-SKY", "LEN-DRK", "LEN-SPX",
    "LEN-TEL", "SLI-SCI", "SLI-SKY", "SLI-DRK", "SLI-NFF", "SLI-TEL", "SLI-IDP",
  ]
  /// Bytes of a 4096 x 4096 frame with error and flags: sparse, so they take no room.
  static let frameBytes = 201_337_920

  let archive: TestArchive
  let count: Int
  private var perNight: Int { (count + Self.nights - 1) / Self.nights }

  /// The night of the `index`th file, as yyyy-mm-dd.
  static func night(_ index: Int) -> String {
    let day = Date(timeIntervalSince1970: 1_767_225_600 + Double(index) * 86_400)
    return String(ISO8601DateFormatter().string(from: day).prefix(10))
  }

  static func object(_ index: Int) -> String { "field \(index)" }

  /// How many targets there are: 50 files or so each.
  var objects: Int { max(1, count / 50) }

  /// Right ascension and declination of a target, degrees, spread evenly over the sky.
  static func position(_ object: Int, of count: Int) -> (ra: Double, dec: Double) {
    let turn = Double(object) * 222.492_235_949_962_1
    let z = 1 - (2 * Double(object) + 1) / Double(count)
    return (turn.truncatingRemainder(dividingBy: 360), asin(z) * 180 / .pi)
  }

  /// Fills the catalog, which holds one real frame, with copies of it.
  func fill() throws {
    var configuration = Configuration()
    configuration.prepareDatabase { db in
      // No journal: who fills an archive for a test begins again when that fails.
      try db.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000")
      db.add(
        function: DatabaseFunction("ra", argumentCount: 2, pure: true) { Self.angle($0)?.ra })
      db.add(
        function: DatabaseFunction("dec", argumentCount: 2, pure: true) { Self.angle($0)?.dec })
    }
    let database = try DatabaseQueue(
      path: archive.root + "/catalog/catalog.sqlite", configuration: configuration)
    try database.inTransaction { db in
      try plan(db)
      for (index, sql) in Self.rows.enumerated() {
        Torture.progress("filling \(index + 1) of \(Self.rows.count + 1)")
        try db.execute(sql: sql)
      }
      Torture.progress("making \(count) files")
      try places(db)
      try db.execute(sql: "DROP TABLE temp.year")
      return .commit
    }
    try database.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = WAL") }
  }

  private static func angle(_ values: [DatabaseValue]) -> (ra: Double, dec: Double)? {
    let numbers = values.compactMap { Int.fromDatabaseValue($0) }
    return numbers.count == 2 ? position(numbers[0], of: numbers[1]) : nil
  }

  /// One row for each file: what differs from the frame that is copied.
  private func plan(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TEMP TABLE year (id INTEGER PRIMARY KEY, name TEXT, night TEXT, obsname TEXT, object TEXT,
          target INTEGER, date_obs REAL, base INTEGER)
        """)
    let base = try Int64.fetchOne(db, sql: "SELECT max(id) FROM frame") ?? 0
    let content = try Int64.fetchOne(db, sql: "SELECT max(id) FROM content") ?? 0
    let shift = max(base, content)
    let statement = try db.makeStatement(sql: "INSERT INTO temp.year VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    let names = (0..<Self.nights).map(Self.night)
    for index in 0..<count {
      let (night, number) = (index / perNight, index % perNight)
      let target = (night * 137 + number / 20) % objects
      let start = 1_767_225_600 + Double(night) * 86_400 + Double(number) * 86_400 / Double(perNight)
      try statement.execute(arguments: [
        shift + 1 + Int64(index), Self.name(index), names[night], Self.obsnames[index % Self.obsnames.count],
        Self.object(target), target, start, base,
      ])
    }
    try db.execute(
      sql: "CREATE TEMP TABLE size AS SELECT ? AS objects, ? AS bytes", arguments: [objects, Self.frameBytes])
  }

  private static func name(_ index: Int) -> String {
    let digits = String(index)
    return "iris_" + String(repeating: "0", count: 7 - digits.count) + digits + "_rate.fits"
  }

  /// Content, frame, header and keywords of each, in the order of their keys.
  private static let rows = [
    """
    INSERT INTO content (id, sha256, bytes, recorded_at)
    SELECT id, printf('%08x%056x', (id * 2654435761) % 4294967296, id), bytes, date_obs
    FROM temp.year, temp.size ORDER BY 2
    """,
    """
    INSERT INTO frame (id, content_id, origin, name, state, reason, kind, level, obstype, obsname, detector,
      filter, object, program, observation, night, date_obs, date_end, exptime, ra, dec, exposure_key, fields,
      arrived_at, recorded_at, associated)
    SELECT y.id, y.id, 'raw', y.name, 'classified', NULL, f.kind, f.level, f.obstype, y.obsname, f.detector,
      f.filter, y.object, f.program, f.observation, y.night, y.date_obs, y.date_obs + 60, 60,
      ra(y.target, s.objects), dec(y.target, s.objects), 'key ' || y.id, f.fields, y.date_obs + 60,
      y.date_obs + 61, 1
    FROM temp.year y JOIN frame f ON f.id = y.base, temp.size s ORDER BY y.id
    """,
    """
    INSERT INTO header SELECT y.id, h.hdu, h.extname, h.text_bytes, h.deflated
    FROM temp.year y, header h JOIN frame f ON f.content_id = h.content_id AND f.id = y.base ORDER BY y.id, h.hdu
    """,
    """
    INSERT INTO keyword SELECT k.keyword, CASE k.keyword WHEN 'OBJECT' THEN y.object WHEN 'OBSNAME' THEN y.obsname
      WHEN 'DATE-OBS' THEN y.night || 'T' || y.id WHEN 'EXPNUM' THEN y.id % 3000 ELSE k.value END AS value, y.id
    FROM temp.year y JOIN keyword k ON k.frame_id = y.base ORDER BY k.keyword, value, y.id
    """,
    """
    INSERT OR IGNORE INTO night (name, touched_at, closed_at, reason)
    SELECT night, max(date_obs), max(date_obs) + 86400, 'over' FROM temp.year GROUP BY night
    """,
  ]

  /// Makes the files and says where they are.
  private func places(_ db: Database) throws {
    let statement = try db.makeStatement(
      sql: "INSERT INTO place SELECT ?, id, ?, ?, ?, ?, ? FROM temp.year WHERE name = ?")
    try db.execute(sql: "CREATE INDEX temp.year_name ON year(name)")
    var folder = ""
    for index in 0..<count {
      if index % perNight == 0 {
        folder = "\(archive.incoming)/\(Self.night(index / perNight))/raw"
        try archive.makeFolder(folder)
      }
      let path = folder + "/" + Self.name(index)
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      guard descriptor >= 0, ftruncate(descriptor, Self.frameBytes) == 0 else {
        throw CommandFailed(description: "\(path): \(String(cString: strerror(errno)))")
      }
      var status = stat()
      fstat(descriptor, &status)
      close(descriptor)
      try statement.execute(arguments: [
        path, Int64(bitPattern: UInt64(status.st_dev)), Int64(bitPattern: UInt64(status.st_ino)),
        Int64(status.st_size), Self.nanoseconds(status.st_mtim), Self.nanoseconds(status.st_ctim),
        Self.name(index),
      ])
    }
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
