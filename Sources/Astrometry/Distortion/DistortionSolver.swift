import Glibc

extension DistortionProblem {
  /// Solves it by least squares with rejection.
  ///
  /// The unknowns are the factors of two Legendre surfaces without their shift, turn and scale, and shift,
  /// turn and scale of each exposure; the offsets of the objects are eliminated exactly. Since the maps
  /// multiply the distortion, the linear problem is repeated until nothing changes.
  /// - Throws: `distortion-order` beyond 1…9, `too-few-points` (fewer than three for each coefficient of one
  ///   surface), `distortion-hole`, `distortion-rms`, `fit-underdetermined`.
  public func solved() throws(AstrometryError) -> DistortionSolution {
    guard (1...SIPDistortion.maximumOrder).contains(order) else {
      throw AstrometryError("distortion-order", "an order of \(order)", subject: "distortion")
    }
    var solver = try DistortionSolver(self)
    for _ in 0..<max(rounds, 1) {
      let change = try solver.step()
      let rejected = solver.reject()
      if change < 1e-8, !rejected { break }
    }
    return try solver.solution()
  }

  /// Refuses what cannot be solved well.
  func check(used: [Bool]) throws(AstrometryError) -> Double {
    let seen = zip(observations, used).filter(\.1).map(\.0)
    let distinct = Set(seen.map(\.object)).count
    let wanted = 3 * LegendreSurface.termCount(order: order)
    guard distinct >= wanted else {
      throw AstrometryError(
        "too-few-points", "\(distinct) points are left, and order \(order) wants \(wanted)",
        subject: "distortion",
        hint: "take a lower order, or more pinholes or stars")
    }
    let hole = Coverage(width: width, height: height, of: seen.map(\.pixel)).largestHole
    guard hole <= largestHole else {
      throw AstrometryError(
        "distortion-hole", "a part of \(Int((hole * 100).rounded())) % of the detector has no points",
        subject: "distortion")
    }
    return hole
  }
}

/// The state of a fit: surfaces, maps, and what counts.
private struct DistortionSolver {
  let problem: DistortionProblem
  private let domain: LegendreSurface.Domain
  private var f: LegendreSurface
  private var g: LegendreSurface
  private var maps: [PlaneTransform]
  private var isUsed: [Bool]
  private var offsets: [PixelPosition]
  private let basis: [[Double]]
  /// Of the objects' unit, to count residuals in pixels.
  private var unit = 1.0

  init(_ problem: DistortionProblem) throws(AstrometryError) {
    self.problem = problem
    domain = LegendreSurface.Domain(width: problem.width, height: problem.height)
    let zeros = [Double](repeating: 0, count: LegendreSurface.termCount(order: problem.order))
    f = LegendreSurface(order: problem.order, domain: domain, coefficients: zeros)
    g = f
    isUsed = problem.observations.map { $0.pixel.x.isFinite && $0.pixel.y.isFinite && $0.error > 0 }
    offsets = [PixelPosition](repeating: PixelPosition(x: 0, y: 0), count: problem.objects.count)
    let (order, square) = (problem.order, domain)
    basis = problem.observations.map { LegendreSurface.basis(order: order, at: square.unit($0.pixel)) }
    let count = (problem.observations.map(\.exposure).max() ?? -1) + 1
    maps = []
    for exposure in 0..<count {
      let own = problem.observations.indices.filter {
        problem.observations[$0].exposure == exposure && isUsed[$0]
      }
      let from = own.map { problem.observations[$0].pixel }
      let to = own.map { problem.objects[problem.observations[$0].object] }
      guard let map = PlaneTransform.similarity(from, to), map.scale > 0 else {
        throw AstrometryError("too-few-points", "an exposure shows fewer than two", subject: "distortion")
      }
      maps.append(map)
    }
    unit = maps.first?.scale ?? 1
    if problem.hasOneScale || !problem.freedom.isFinite {
      unit = maps.reduce(0) { $0 + $1.scale } / Double(max(maps.count, 1))
      maps = maps.map { $0.scaled(to: unit, about: square.centre) }
    }
    _ = try problem.check(used: isUsed)
  }

  /// The surfaces' terms that are fitted: all of order 2 and more, and the two linear ones that are no turn
  /// or scale.
  private var nonlinear: Int { LegendreSurface.termCount(order: problem.order) - 3 }
  private var unknowns: Int { 2 + 2 * nonlinear + 3 * maps.count + scales }
  /// Without any knowledge of places the scale is arbitrary, and least squares would make it 0.
  private var scales: Int { problem.freedom.isFinite ? (problem.hasOneScale ? 1 : maps.count) : 0 }

  /// Indices of an exposure's unknowns: shift along both coordinates, turn, scale.
  private func places(_ exposure: Int) -> (x: Int, y: Int, turn: Int, scale: Int?) {
    let first = 2 + 2 * nonlinear
    let own = first + 3 * exposure
    let scale = first + 3 * maps.count + (problem.hasOneScale ? 0 : exposure)
    return (own, own + 1, own + 2, scales > 0 ? scale : nil)
  }

  /// What an observation's two coordinates are made of, in the objects' unit, and what they should be.
  private func rows(_ i: Int) -> (x: [Double], y: [Double], targetX: Double, targetY: Double) {
    let seen = problem.observations[i]
    let map = maps[seen.exposure]
    var (x, y) = ([Double](repeating: 0, count: unknowns), [Double](repeating: 0, count: unknowns))
    func put(_ k: Int, _ fx: Double, _ fy: Double) {
      x[k] += map.a * fx + map.b * fy
      y[k] += map.c * fx + map.d * fy
    }
    let terms = basis[i]
    // s and t: a stretch along x against y, and a shear.
    put(0, terms[1], -terms[2])
    put(1, terms[2], terms[1])
    for k in 0..<nonlinear {
      put(2 + k, terms[k + 3], 0)
      put(2 + nonlinear + k, 0, terms[k + 3])
    }
    let own = places(seen.exposure)
    let z = domain.unit(undistorted(i))
    (x[own.x], y[own.y]) = (unit, unit)
    put(own.turn, -z.t, z.s)
    if let scale = own.scale { put(scale, z.s, z.t) }
    let place = map(seen.pixel)
    let object = problem.objects[seen.object]
    return (x, y, object.x - place.x, object.y - place.y)
  }

  private func undistorted(_ i: Int) -> PixelPosition {
    let pixel = problem.observations[i].pixel
    let (x, y) = (zip(f.coefficients, basis[i]), zip(g.coefficients, basis[i]))
    return PixelPosition(
      x: pixel.x + x.reduce(0) { $0 + $1.0 * $1.1 }, y: pixel.y + y.reduce(0) { $0 + $1.0 * $1.1 })
  }

  /// One linear solution; returns the greatest change, pixels.
  mutating func step() throws(AstrometryError) -> Double {
    var equations = LeastSquares(unknowns: unknowns, expectingRows: 2 * problem.observations.count)
    let groups = Dictionary(grouping: isUsed.indices.filter { isUsed[$0] }) {
      problem.observations[$0].object
    }
    for (_, members) in groups.sorted(by: { $0.key < $1.key }) { add(members, to: &equations) }
    let (values, _) = try equations.solved(tolerance: 1e-11)
    let before = (f, g)
    (f.coefficients[1], f.coefficients[2]) = (values[0], values[1])
    (g.coefficients[1], g.coefficients[2]) = (values[1], -values[0])
    for k in 0..<nonlinear {
      f.coefficients[k + 3] = values[2 + k]
      g.coefficients[k + 3] = values[2 + nonlinear + k]
    }
    var change = max(Self.distance(before.0, f), Self.distance(before.1, g))
    for exposure in maps.indices {
      let own = places(exposure)
      let v = [values[own.x], values[own.y], values[own.turn], own.scale.map { values[$0] } ?? 0]
      maps[exposure] = turned(maps[exposure], v)
      change = max(change, v.map { abs($0) }.max() ?? 0)
    }
    findOffsets()
    return change
  }

  private static func distance(_ a: LegendreSurface, _ b: LegendreSurface) -> Double {
    zip(a.coefficients, b.coefficients).map { abs($0 - $1) }.max() ?? 0
  }

  /// A map with a shift, turn and scale added about the detector's middle.
  private func turned(_ map: PlaneTransform, _ v: [Double]) -> PlaneTransform {
    let (c, h) = (domain.centre, domain.half)
    let (turn, scale) = (v[2] / h, v[3] / h)
    var result = map
    result.a += scale * map.a + turn * map.b
    result.b += scale * map.b - turn * map.a
    result.c += scale * map.c + turn * map.d
    result.d += scale * map.d - turn * map.c
    let (before, after) = (map(c), result(c))
    result.s += before.x - after.x + unit * v[0]
    result.t += before.y - after.y + unit * v[1]
    return result
  }

  /// The rows of one object. Its own offset is eliminated: of residuals `r / error` with the unit vector `e`
  /// along `1 / error`, least squares over the offset leave `r² - w / (w + 1 / freedom²) (e r)²`, which is
  /// the square of `r - (1 - sqrt(1 - that)) e (e r)`.
  private func add(_ members: [Int], to equations: inout LeastSquares) {
    let all = members.map { rows($0) }
    let inverse = members.map { 1 / (problem.observations[$0].error * unit) }
    let length = inverse.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let share = freedom(weight: length * length)
    let cut = 1 - (1 - share).squareRoot()
    let direction = inverse.map { $0 / length }
    for axis in 0..<2 {
      let whitened = zip(all, inverse).map { row, w in (axis == 0 ? row.x : row.y).map { $0 * w } }
      let targets = zip(all, inverse).map { row, w in (axis == 0 ? row.targetX : row.targetY) * w }
      guard cut > 0 else {
        for (row, target) in zip(whitened, targets) { equations.add(row, equals: target) }
        continue
      }
      var mean = [Double](repeating: 0, count: unknowns)
      var meanTarget = 0.0
      for i in members.indices {
        for k in 0..<unknowns { mean[k] += direction[i] * whitened[i][k] }
        meanTarget += direction[i] * targets[i]
      }
      for i in members.indices {
        let row = (0..<unknowns).map { whitened[i][$0] - cut * direction[i] * mean[$0] }
        equations.add(row, equals: targets[i] - cut * direction[i] * meanTarget)
      }
    }
  }

  /// `w / (w + 1 / freedom²)`: how much of a mean residual an object's offset takes up.
  private func freedom(weight: Double) -> Double {
    if problem.freedom <= 0 { return 0 }
    let prior = problem.freedom.isFinite ? 1 / (problem.freedom * problem.freedom * unit * unit) : 0
    return weight / (weight + prior)
  }

  /// The offsets that the residuals ask for, in the objects' unit.
  private mutating func findOffsets() {
    guard problem.freedom > 0 else { return }
    var sums = [(x: Double, y: Double, w: Double)](repeating: (0, 0, 0), count: offsets.count)
    for i in isUsed.indices where isUsed[i] {
      let (k, w) = (problem.observations[i].object, 1 / pow(problem.observations[i].error * unit, 2))
      let place = maps[problem.observations[i].exposure](undistorted(i))
      sums[k].x += w * (place.x - problem.objects[k].x)
      sums[k].y += w * (place.y - problem.objects[k].y)
      sums[k].w += w
    }
    offsets = sums.map { sum in
      guard sum.w > 0 else { return PixelPosition(x: 0, y: 0) }
      let share = freedom(weight: sum.w)
      return PixelPosition(x: share * sum.x / sum.w, y: share * sum.y / sum.w)
    }
  }

  /// What is left of an observation, pixels.
  private func residual(_ i: Int) -> PixelPosition {
    let seen = problem.observations[i]
    let place = maps[seen.exposure](undistorted(i))
    let (object, offset) = (problem.objects[seen.object], offsets[seen.object])
    return PixelPosition(x: (place.x - object.x - offset.x) / unit, y: (place.y - object.y - offset.y) / unit)
  }

  /// Judges every observation anew; whether that changed any.
  mutating func reject() -> Bool {
    let left = isUsed.indices.map { i in
      let r = residual(i)
      return max(abs(r.x), abs(r.y)) / problem.observations[i].error
    }
    // Of two normal coordinates the greater is 1.0517 sigmas in the median.
    let sigma = median(isUsed.indices.filter { isUsed[$0] }.map { left[$0] }) / 1.0517
    var changed = false
    for i in isUsed.indices where left[i].isFinite && problem.observations[i].error > 0 {
      let kept = left[i] <= problem.kappa * max(sigma, 1e-9)
      changed = changed || kept != isUsed[i]
      isUsed[i] = kept
    }
    return changed
  }

  /// The solution in its gauge: what the surfaces do to the middle pixel's surroundings in shift, turn and
  /// scale is given to the maps.
  func solution() throws(AstrometryError) -> DistortionSolution {
    let hole = try problem.check(used: isUsed)
    let residuals = isUsed.indices.map { residual($0) }
    let squares = isUsed.indices.filter { isUsed[$0] }.reduce(0.0) {
      $0 + residuals[$1].x * residuals[$1].x + residuals[$1].y * residuals[$1].y
    }
    let rms = (squares / Double(2 * max(isUsed.filter { $0 }.count, 1))).squareRoot()
    guard rms <= problem.largestRMS else {
      throw AstrometryError(
        "distortion-rms", "the residuals are \(Float(rms)) pixel rms, and \(problem.largestRMS) is allowed",
        subject: "distortion", hint: "take a higher order, or look for points that are blended")
    }
    let c = domain.centre
    let raw = SIPDistortion(reference: c, a: f.polynomial(about: c), b: g.polynomial(about: c))
    let (distortion, gauge) = try raw.inGauge()
    return DistortionSolution(
      distortion: try distortion.withInverse(width: problem.width, height: problem.height),
      exposures: maps.map { gauge.then($0) },
      offsets: offsets.map { PixelPosition(x: $0.x / unit, y: $0.y / unit) }, isUsed: isUsed,
      residuals: residuals,
      rms: rms, hole: hole)
  }
}

extension PlaneTransform {
  /// With another scale; a point's image stays where it is.
  fileprivate func scaled(to wanted: Double, about centre: PixelPosition) -> PlaneTransform {
    let factor = wanted / scale
    var result = PlaneTransform(a: factor * a, b: factor * b, c: factor * c, d: factor * d, s: s, t: t)
    let (before, after) = (self(centre), result(centre))
    result.s += before.x - after.x
    result.t += before.y - after.y
    return result
  }
}

extension SIPDistortion {
  /// The distortion without shift, turn and scale at its reference pixel, and the map of undistorted pixels
  /// that does these: `u + f(u) = map(u + f'(u))`, where the linear part of `u + f'(u)` is symmetric and of
  /// determinant 1.
  func inGauge() throws(AstrometryError) -> (SIPDistortion, PlaneTransform) {
    let (linear, _) = try absorbed()
    let turn = PlaneTransform.turn(degrees: linear.rotationDegrees)
    let (k, r) = (linear.scale, reference)
    var map = PlaneTransform(a: k * turn.a, b: k * turn.b, c: k * turn.c, d: k * turn.d)
    guard let back = map.inverse else {
      throw AstrometryError("distortion-singular", "the distortion cannot be inverted", subject: "A_1_0")
    }
    let moved = map(r)
    (map.s, map.t) = (r.x + linear.s - moved.x, r.y + linear.t - moved.y)
    var (p, q) = (a, b)
    (p[0, 0], q[0, 0]) = (0, 0)
    p[1, 0] += 1
    q[0, 1] += 1
    var result = SIPDistortion(
      reference: r, a: .combination(back.a, p, back.b, q), b: .combination(back.c, p, back.d, q))
    result.a[1, 0] -= 1
    result.b[0, 1] -= 1
    return (result, map)
  }
}
