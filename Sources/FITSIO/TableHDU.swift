/// A table, whole in memory.
public struct TableHDU: Sendable, Hashable {
  /// `EXTNAME`, or the empty string.
  public let name: String
  /// Number of rows.
  public let rowCount: Int
  /// The columns in order.
  public let columns: [TableColumn]

  /// The first column of that name, letter case ignored.
  public subscript(_ name: String) -> TableColumn? {
    let wanted = name.uppercased()
    return columns.first { $0.name.uppercased() == wanted }
  }
}

/// The values of one column, row after row; a column with several elements per row is flattened.
public enum TableValues: Sendable, Hashable {
  /// `rA`.
  case strings([String])
  /// `K` when written; all integer columns when read (unsigned conventions applied).
  case integers([Int64])
  /// `J` when written; never read.
  case shortIntegers([Int32])
  /// `D` when written; all real, complex (two numbers each) and scaled columns when read, and unsigned 64-bit ones.
  case doubles([Double])
  /// `E` when written; never read.
  case floats([Float])
  /// `L`, undefined as `nil`; bit columns when read.
  case logicals([Bool?])
  /// Variable-length integer arrays, one per row; only read.
  case integerArrays([[Int64]])
  /// Variable-length real arrays, one per row; only read.
  case doubleArrays([[Double]])

  /// Number of values, or of arrays.
  public var count: Int {
    switch self {
    case .strings(let values): values.count
    case .integers(let values): values.count
    case .shortIntegers(let values): values.count
    case .doubles(let values): values.count
    case .floats(let values): values.count
    case .logicals(let values): values.count
    case .integerArrays(let values): values.count
    case .doubleArrays(let values): values.count
    }
  }
}

/// One column of a table.
public struct TableColumn: Sendable, Hashable {
  /// `TTYPEn`.
  public let name: String
  /// `TFORMn` as stored; empty in a column that was not read from a file.
  public let format: String
  /// `TUNITn`, or `nil`.
  public let unit: String?
  /// Elements of each row; 1 for variable-length arrays.
  public let elementsPerRow: Int
  /// `TNULLn` with TZERO applied: the number among `integers` that means "no value".
  public let nullValue: Int64?
  /// The values.
  public let values: TableValues

  /// Makes a column to be written.
  ///
  /// - Parameters:
  ///   - name: letters, digits and underscores, as FITS recommends.
  ///   - values: as many as rows times `elementsPerRow`.
  ///   - unit: in the FITS form, as `s` or `adu/s`.
  ///   - elementsPerRow: more than 1 makes a vector column; strings have 1.
  public init(_ name: String, _ values: TableValues, unit: String? = nil, elementsPerRow: Int = 1) {
    self.init(
      name: name, format: "", unit: unit, elementsPerRow: elementsPerRow, nullValue: nil, values: values)
  }

  init(
    name: String, format: String, unit: String?, elementsPerRow: Int, nullValue: Int64?, values: TableValues
  ) {
    self.name = name
    self.format = format
    self.unit = unit
    self.elementsPerRow = elementsPerRow
    self.nullValue = nullValue
    self.values = values
  }

  /// The values when they are strings.
  public var strings: [String]? { if case .strings(let values) = values { values } else { nil } }

  /// The values when they are whole numbers.
  public var integers: [Int64]? {
    switch values {
    case .integers(let values): values
    case .shortIntegers(let values): values.map { Int64($0) }
    default: nil
    }
  }

  /// The values when they are numbers; whole ones are converted, `nullValue` to NaN.
  public var doubles: [Double]? {
    switch values {
    case .doubles(let values): values
    case .floats(let values): values.map { Double($0) }
    case .integers(let values): values.map { $0 == nullValue ? .nan : Double($0) }
    case .shortIntegers(let values): values.map { Double($0) }
    default: nil
    }
  }

  /// The values when they are logicals; undefined ones are `nil`.
  public var logicals: [Bool?]? { if case .logicals(let values) = values { values } else { nil } }
}
