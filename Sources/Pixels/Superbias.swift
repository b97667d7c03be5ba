/// Takes the bias of each pixel from all its reads, so that counts begin at 0.
///
/// Where the bias is NaN or infinite nothing is taken and the pixel gets `UNRELIABLE_BIAS`. The flags of the reference
/// are OR-ed.
/// - Parameters:
///   - bias: in data numbers, of the band's shape.
///   - quality: its flags.
/// - Precondition: the shapes agree.
public func subtractSuperbias(_ band: inout RampBand, bias: Plane<Float>, quality: Plane<UInt32>? = nil) {
  precondition(bias.count == band.samples.planeCount, "a bias of another shape")
  precondition(quality.map { $0.count == bias.count } ?? true, "flags of the bias of another shape")
  let (base, flags) = (bias.laneBase, quality?.laneBase)
  withExtendedLifetime((bias, quality)) {
    band.forEachBlock { block in
      block.forEachLanes { i, _, count in
        if let flags { block.orPixel(flags.base.lanes(i), i, count) }
        block.raisePixel(DQ.unreliableBias, where: base.base.lanes(i).isNotFinite, i, count)
      }
      for integration in 0..<block.integrations {
        for read in 0..<block.reads {
          block.forEachLanes { i, _, count in
            let lanes = base.base.lanes(i)
            let zero = lanes.replacing(with: 0, where: lanes.isNotFinite)
            block.set(block.values(integration, read, i, count) - zero, integration, read, i, count)
          }
        }
      }
    }
  }
}

/// Takes the first read of each integration, the one after its reset, from all its reads.
///
/// The slope of a ramp does not change by it, and the counts begin at 0 as the correction of non-linearity needs them;
/// the noise of that read goes into all counts. Where the first read is NaN, or flagged `DO_NOT_USE` or `SATURATED`,
/// nothing is taken and the pixel gets `UNRELIABLE_BIAS`.
public func subtractResetRead(_ band: inout RampBand) {
  guard band.reads > 0 else { return }
  let unusable = UInt8(DQ.doNotUse | DQ.saturated)
  band.forEachBlock { block in
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: RampBlock.length / 16) { zero in
      for integration in 0..<block.integrations {
        block.forEachLanes { i, place, count in
          let first = block.values(integration, 0, i, count)
          var lost = first.isNotFinite
          if block.anyGroup(unusable, integration, 0, i, count) {
            lost .|= block.hasGroup(unusable, integration, 0, i, count)
          }
          block.raisePixel(DQ.unreliableBias, where: lost, i, count)
          zero[place] = first.replacing(with: 0, where: lost)
        }
        for read in 0..<block.reads {
          block.forEachLanes { i, place, count in
            block.set(
              block.values(integration, read, i, count) - zero[place], integration, read, i, count)
          }
        }
      }
    }
  }
}
