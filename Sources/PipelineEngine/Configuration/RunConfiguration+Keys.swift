import CfgFormat

extension RunConfiguration {
  /// Sets one key of a step from any layer.
  /// - Parameter place: `file:line` when the value comes from a cfg; bad values are then the file's fault.
  mutating func set(
    step: String, key: String, value: CfgValue, from origin: ParameterSet.Origin, place: String?
  ) throws(EngineError) {
    if unavailable.contains(step) { return }
    let name = try name(ofStep: step, place: place)
    guard var configuration = steps[name] else { return }
    if key.hasPrefix("override_") {
      return try override(key: key, value: value, of: configuration, from: origin, place: place)
    }
    switch key {
    case "skip":
      // `None` as in the documents: not skipped.
      let skips = value == .none ? false : try Self.boolean(value, key: "\(step).skip", place: place)
      configuration.skipping.set(skips, from: origin, at: place)
    case "name", "class": break
    case "config_file":
      guard place != nil else {
        throw Self.bad("a cfg is named on the command line by itself", "\(step).config_file", nil, hint: nil)
      }
    case "save_results":
      let saves =
        value == .none ? false : try Self.boolean(value, key: "\(step).save_results", place: place)
      configuration.saving.set(saves, from: origin, at: place)
    case _ where RunHooks.keys.contains(key):
      guard origin != .job else {
        throw Self.bad("hooks come from the archive's own cfg only", "\(step).\(key)", place, hint: nil)
      }
      try configuration.hooks.set(key, value, of: name, from: origin, place: place)
    default:
      try configuration.setParameter(key, value, from: origin, place: place)
    }
    steps[name] = configuration
  }

  private mutating func override(
    key: String, value: CfgValue, of step: StepConfiguration, from origin: ParameterSet.Origin, place: String?
  ) throws(EngineError) {
    let type = String(key.dropFirst("override_".count))
    guard step.declaration.referenceTypes.contains(type) else { throw step.unknown(key, place: place) }
    setOverride(type, value.string, from: origin, at: place)
  }

  /// Names the reference of a type, or with nil leaves it to the rules again; outside a cfg the word `None` is nil
  /// (in a cfg the quotes tell a file of that name).
  mutating func setOverride(
    _ type: String, _ path: String?, from origin: ParameterSet.Origin, at place: String?
  ) {
    let isWithdrawn = place == nil && path == "None"
    overrideLayers[type, default: Layered(nil)].set(isWithdrawn ? nil : path, from: origin, at: place)
  }

  static func boolean(_ value: CfgValue, key: String, place: String?) throws(EngineError) -> Bool {
    switch value.string?.lowercased() {
    case "true", "yes", "on", "1": return true
    case "false", "no", "off", "0": return false
    default:
      throw bad("'\(value.cfgText)' is no boolean", key, place, hint: "True or False")
    }
  }

  static func bad(_ message: String, _ key: String, _ place: String?, hint: String?) -> EngineError {
    EngineError(
      place == nil ? "bad-parameter" : "cfg-bad-value", "\(key): \(message)", subject: place ?? key,
      hint: hint)
  }
}

extension StepConfiguration {
  mutating func setParameter(
    _ key: String, _ value: CfgValue, from origin: ParameterSet.Origin, place: String?
  ) throws(EngineError) {
    guard let parameter = declaration.parameter(named: key) else { throw unknown(key, place: place) }
    do {
      parameters.set(parameter.name, try parameter.parse(value), from: origin, at: place)
    } catch {
      throw RunConfiguration.bad(
        "'\(error.found)' is not a \(error.expected)", "\(declaration.name).\(key)", place,
        hint: "tmtrun describe \(declaration.name)")
    }
  }

  func unknown(_ key: String, place: String?) -> EngineError {
    EngineError(
      place == nil ? "unknown-parameter" : "cfg-unknown-key",
      "step \(declaration.name) has no parameter '\(key)'", subject: place ?? "\(declaration.name).\(key)",
      hint: nearMatchHint(of: key, in: knownKeys) ?? "tmtrun describe \(declaration.name)")
  }
}

extension Parameter {
  /// Reads a value of a cfg.
  func parse(_ value: CfgValue) throws(ParameterProblem) -> ParameterSetting {
    switch value {
    case .none: try parse("None")
    case .string(let text): try parse(text)
    case .list(let items): try parse(items)
    }
  }
}
