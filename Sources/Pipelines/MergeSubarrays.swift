import ImagerSteps
import PipelineEngine

extension Pipeline {
  /// A reduced full frame and the subarrays read inside it to one frame.
  public static let mergeSubarrays = Pipeline(
    name: "merge_subarrays", summary: "Reduced full frame and its reduced subarrays to one frame",
    aliases: MergeSubarraysStep.declaration.aliases, intake: .subarrays, steps: [MergeSubarraysStep.self],
    productKind: "cal", level: 2, dataModel: "IRISImageModel", title: "merge subarrays")
}
