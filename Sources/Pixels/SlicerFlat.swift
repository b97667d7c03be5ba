/// How the lamp's spectrum is taken out of a slicer flat.
public struct SlicerFlatOptions: Sendable, Equatable {
  /// What is done with the smooth response.
  public enum Removal: String, Sendable, CaseIterable {
    /// The flat is divided by it.
    case divide
    /// It is subtracted, and its mean put back: the words of the documents.
    case subtract
  }

  /// What is done with the response.
  public var removal: Removal
  /// The Legendre fit of the response along the spectrum.
  public var fit: LegendreSeries.FitOptions
  /// Rows with less than this share of the light are edges.
  public var edgeFraction: Float
  /// Columns over which a row's light is measured.
  public var blockColumns: Int
  /// A slice has at least this many rows.
  public var minimumRows: Int

  /// Divides; order 8, kappa 3, 10 rounds; edges below 30 %.
  public init(
    removal: Removal = .divide, fit: LegendreSeries.FitOptions = .init(), edgeFraction: Float = 0.3,
    blockColumns: Int = 64, minimumRows: Int = 3
  ) {
    self.removal = removal
    self.fit = fit
    self.edgeFraction = edgeFraction
    self.blockColumns = blockColumns
    self.minimumRows = minimumRows
  }
}

/// A slicer flat without its smooth response.
public struct SlicerFlat: Sendable {
  /// The flat: around 1 when the response was divided out. Between slices NaN; there and at the slices' edges
  /// `NON_SCIENCE | DO_NOT_USE`.
  public var flat: Measured
  /// The response at each pixel; NaN between slices.
  public var response: Plane<Float>
  /// Where the slices are.
  public var slices: SliceMap
}

/// Takes the smooth response (lamp times grating) out of a slicer flat, slice by slice.
///
/// Each slice is collapsed along the slit by the median of its good pixels; the spectrum is fitted by a Legendre series in
/// the column (the wavelength, to a linear map), and the slice divided by it (or it is subtracted). Errors scale with
/// the values when dividing.
/// - Throws: `no-slices` when no run of lit rows is found; `legendre-points` for slices with too few good columns.
public func removeSlicerResponse(
  from flat: Measured, options: SlicerFlatOptions = SlicerFlatOptions()
) throws(PixelsError) -> SlicerFlat {
  let profile = BlockProfile(flat, blockColumns: options.blockColumns)
  let map = SliceMap(profile, fraction: options.edgeFraction, minimumRows: options.minimumRows)
  guard map.count > 0 else {
    throw PixelsError(
      code: "no-slices", message: "no run of lit rows was found in the flat", subject: "frame",
      hint: "look at its level; a slicer flat shows bands of light along x")
  }
  let columns = Double(flat.width - 1)
  var models: [[Float]] = []
  for spectrum in sliceSpectra(flat, map) {
    let points = spectrum.enumerated().map { (x: Double($0.offset), y: Double($0.element)) }
    let series = try LegendreSeries(fitting: points, domain: 0...max(columns, 1), options: options.fit)
    models.append((0..<flat.width).map { Float(series(Double($0))) })
  }
  return apply(models, to: flat, map, profile, options)
}

/// The median along the slit of the good pixels of each slice, by column; NaN where fewer than three are good.
private func sliceSpectra(_ flat: Measured, _ map: SliceMap) -> [[Float]] {
  let (width, height) = (flat.width, flat.height)
  var spectra = [[Float]](repeating: Array(repeating: .nan, count: width), count: map.count)
  flat.value.withUnsafeBuffer { value in
    flat.quality.withUnsafeBuffer { quality in
      var good = [[Float]](repeating: [], count: map.count)
      for x in 0..<width {
        let block = min(x / map.blockColumns, map.blocks - 1)
        for y in 0..<height {
          let label = map.label(row: y, block: block)
          let i = y * width + x
          guard label >= 0, value[i].isFinite, quality[i] & DQ.doNotUse == 0 else { continue }
          good[label].append(value[i])
        }
        for label in 0..<map.count {
          if good[label].count >= 3 { spectra[label][x] = median(&good[label]) }
          good[label].removeAll(keepingCapacity: true)
        }
      }
    }
  }
  return spectra
}

private func median(_ values: inout [Float]) -> Float {
  values.sort()
  let n = values.count
  return n % 2 == 1 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2])
}

private func apply(
  _ models: [[Float]], to flat: Measured, _ map: SliceMap, _ profile: BlockProfile,
  _ options: SlicerFlatOptions
) -> SlicerFlat {
  let means = models.map { $0.reduce(0, +) / Float($0.count) }
  let (width, height) = (flat.width, flat.height)
  var result = flat
  var response = Plane<Float>(width: width, height: height, repeating: .nan)
  response.withUnsafeMutableBuffer { response in
    result.value.withUnsafeMutableBuffer { value in
      result.error.withUnsafeMutableBuffer { error in
        result.quality.withUnsafeMutableBuffer { quality in
          nonisolated(unsafe) let (response, value, error, quality) = (response, value, error, quality)
          forEachRowBand(height: height, width: width) { rows in
            for y in rows {
              for x in 0..<width {
                let i = y * width + x
                let block = min(x / map.blockColumns, map.blocks - 1)
                let label = map.label(row: y, block: block)
                let model = label < 0 ? .nan : models[label][x]
                let light = profile[row: y, block: block]
                if !(model > 0) || light < options.edgeFraction * model {
                  quality[i] |= DQ.nonScience | DQ.doNotUse
                }
                guard model > 0 else {
                  (value[i], error[i]) = (.nan, .nan)
                  continue
                }
                response[i] = model
                switch options.removal {
                case .divide:
                  value[i] /= model
                  error[i] /= model
                case .subtract: value[i] += means[label] - model
                }
              }
            }
          }
        }
      }
    }
  }
  return SlicerFlat(flat: result, response: response, slices: map)
}
