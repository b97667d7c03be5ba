/// Sums over an image and its model, of good pixels.
struct ModelFit: Sendable {
  /// Of squared differences over variances.
  var chiSquared = 0.0
  /// Of value times model, over variances.
  var cross = 0.0
  /// Of the model squared, over variances.
  var square = 0.0
  /// Of values where the model is above three sigma.
  var brightLight = 0.0
  /// Of the model there.
  var brightModel = 0.0

  /// What the model is to be multiplied with: as much light as the image has where the model stands out of the
  /// noise, whose sum neither noise nor a scene that is not yet sharp biases; where nothing stands out, the
  /// factor of least squares.
  var amplitude: Double {
    if brightLight > 0, brightModel > 0 { return brightLight / brightModel }
    return cross > 0 && square > 0 ? cross / square : 1
  }

  /// Chi squared once the model is multiplied by its amplitude.
  var scaledChiSquared: Double {
    let excess = amplitude - 1
    return chiSquared - 2 * excess * (cross - square) + excess * excess * square
  }

  static func + (a: ModelFit, b: ModelFit) -> ModelFit {
    ModelFit(
      chiSquared: a.chiSquared + b.chiSquared, cross: a.cross + b.cross, square: a.square + b.square,
      brightLight: a.brightLight + b.brightLight, brightModel: a.brightModel + b.brightModel)
  }
}
