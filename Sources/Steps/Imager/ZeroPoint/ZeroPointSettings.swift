import PipelineEngine

/// The parameters of ``ZeroPointStep``, checked.
struct ZeroPointSettings {
  let magnitude: Double?
  let magnitudeError: Double
  let standards: StarTable?
  let catalog: StarTable?
  let isVega: Bool
  let abMinusVega: Double?
  let extinction: Double
  let radius: Double
  let radii: [Double]
  let sky: ClosedRange<Double>
  let matchRadius: Double
  let leastRatio: Double
  let kappa: Double
  let fitsColour: Bool

  /// - Throws: `EngineError` `bad-parameter` for radii that do not fit together; what a list of stars throws.
  init(_ parameters: ParameterSet) throws(EngineError) {
    magnitude = parameters.number("magnitude")
    magnitudeError = parameters.number("magnitude_error") ?? 0
    standards = try Self.list(parameters.string("standards"), ["name"])
    catalog = try Self.list(parameters.string("catalog"), ["ra", "dec"])
    isVega = parameters.string("system") != "AB"
    abMinusVega = parameters.number("ab_vega")
    extinction = parameters.number("extinction") ?? 0
    radius = parameters.number("radius") ?? 0
    let limit = Double(parameters.integer("max_radius") ?? 40)
    radii = Self.radii(limit, and: radius)
    let inner = parameters.number("sky_inner").flatMap { $0 > 0 ? $0 : nil } ?? 1.25 * limit
    let outer = parameters.number("sky_outer").flatMap { $0 > 0 ? $0 : nil } ?? 1.75 * limit
    guard radius <= limit, inner < outer, inner >= radius else {
      throw EngineError(
        "bad-parameter",
        "radius \(radius), max_radius \(limit) and the sky from \(inner) to \(outer) do not fit together",
        subject: "zero_point")
    }
    sky = inner...outer
    matchRadius = parameters.number("match_radius") ?? 0.1
    leastRatio = parameters.number("min_snr") ?? 20
    kappa = parameters.number("kappa") ?? 3
    fitsColour = parameters.boolean("colour_term")
    if fitsColour, !(catalog?.hasColours ?? false) {
      throw EngineError(
        "no-colours", "a colour term needs a catalog with a column colour", subject: "zero_point.colour_term",
        hint: "--set zero_point.catalog=FILE with ra,dec,mag,colour, or leave colour_term False")
    }
  }

  private static func list(_ path: String?, _ columns: [String]) throws(EngineError) -> StarTable? {
    guard let path, !path.isEmpty else { return nil }
    return try StarTable(path: path, requiring: columns)
  }

  /// 1, 2, 3 … to the limit, and the aperture that was asked for.
  private static func radii(_ limit: Double, and radius: Double) -> [Double] {
    var radii = Array(stride(from: 1.0, through: limit, by: 1))
    if radii.last != limit { radii.append(limit) }
    if radius > 0, !radii.contains(radius) { radii.append(radius) }
    return radii.sorted()
  }
}
