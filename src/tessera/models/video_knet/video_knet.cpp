#include "tessera/models/video_knet/video_knet.h"

#include <torch/torch.h>

#include <utility>

#include "tessera/core/error.h"

namespace tessera {
namespace {

void add_terms(LossTerms& terms, const LossTerms& more, const char* suffix) {
  for (const auto& [name, value] : more) terms.emplace_back(name + suffix, value);
}

bool learns_statistics(const torch::nn::Module& module) {
  for (const auto& part : module.modules())
    if (part->as<torch::nn::BatchNorm2d>() != nullptr && part->is_training()) return true;
  return false;
}

/// What is proposed for two batches of one size, as far as the losses ask. They go through the
/// network together, which reads its weights once for both, unless its statistics would mix.
std::pair<KernelHeadOutput, KernelHeadOutput> propose_both(KNetImpl& net,
                                                           const torch::Tensor& first,
                                                           const torch::Tensor& second) {
  std::pair<KernelHeadOutput, KernelHeadOutput> result;
  if (learns_statistics(net)) {
    result.first = net.propose(first);
    result.second = net.propose(second);
    return result;
  }
  const KernelHeadOutput both = net.propose(torch::cat({first, second}));
  for (const auto member : {&KernelHeadOutput::features, &KernelHeadOutput::kernels,
                            &KernelHeadOutput::mask_logits, &KernelHeadOutput::class_logits}) {
    const auto halves = (both.*member).chunk(2);
    result.first.*member = halves[0];
    result.second.*member = halves[1];
  }
  return result;
}

}  // namespace

torch::Tensor match_objects(const torch::Tensor& ids, const torch::Tensor& reference_ids) {
  if (reference_ids.size(0) == 0) return torch::full_like(ids, -1);
  const auto same = ids.unsqueeze(1) == reference_ids.unsqueeze(0);
  return torch::where(same.any(1), same.to(torch::kInt64).argmax(1), torch::full_like(ids, -1));
}

VideoKNetImpl::VideoKNetImpl(const VideoKNetOptions& options)
    : KNetImpl(options), embedding_(options.track_embedding) {
  if (embedding_ == TrackEmbedding::kKernel) return;
  const std::int64_t channels = options.head.channels;
  embed_linear = torch::nn::Linear(torch::nn::LinearOptions(channels, channels).bias(false));
  embed_norm = ChannelNorm(channels);
  const auto layers = register_module("embed_fcs", torch::nn::ModuleList());
  layers->push_back(embed_linear);
  layers->push_back(embed_norm);
  fc_embed = register_module("fc_embed", torch::nn::Linear(channels, channels));
  TrackHeadOptions track = options.track;
  track.channels = channels;
  track_head = register_module("track_head", TrackHead(track));
}

torch::Tensor VideoKNetImpl::embed(const torch::Tensor& track_kernels) {
  if (embedding_ == TrackEmbedding::kKernel) return track_kernels;
  return track_head(fc_embed(embed_norm(embed_linear(track_kernels)).relu()));
}

LossTerms VideoKNetImpl::tracking_terms(const StagesStep& key, const StagesStep& reference,
                                        const std::vector<FramePair>& pairs,
                                        VideoKNetTrace* trace) {
  LossTerms sums;
  for (std::size_t b = 0; b < pairs.size(); ++b) {
    const auto image = static_cast<std::int64_t>(b);
    const auto of_key = match(key.scaled_masks[image], key.last.class_logits[image], pairs[b].key);
    const auto of_reference = match(reference.scaled_masks[image],
                                    reference.last.class_logits[image], pairs[b].reference);
    const auto embeddings = [&](const StagesStep& step, const Assignment& assignment) {
      return embed(step.last.track_kernels[image].index_select(0, assignment.positives));
    };
    const auto objects = [](const Assignment& assignment) {
      return assignment.objects.index_select(0, assignment.positives);
    };
    const LossTerms terms =
        track_losses(pair_tracks(embeddings(key, of_key), embeddings(reference, of_reference),
                                 objects(of_key), objects(of_reference), pairs[b].matches));
    if (sums.empty())
      sums = terms;
    else
      for (std::size_t i = 0; i < terms.size(); ++i)
        sums[i].second = sums[i].second + terms[i].second;
    if (trace != nullptr) {
      trace->key_tracks.push_back(of_key);
      trace->reference_tracks.push_back(of_reference);
    }
  }
  for (auto& [name, sum] : sums) sum = sum / static_cast<double>(pairs.size());
  return sums;
}

LossTerms VideoKNetImpl::pair_losses(
    const torch::Tensor& keys, const torch::Tensor& references, const std::vector<FramePair>& pairs,
    const std::function<torch::Tensor(torch::Tensor)>& mean_over_ranks, VideoKNetTrace* trace) {
  if (embedding_ == TrackEmbedding::kKernel)
    fail(
        "model.track_embedding 'kernel' has nothing to learn from pairs of frames; train its "
        "K-Net on pictures (model.type: knet) and predict with that checkpoint");
  std::vector<MaskTargets> key_targets, reference_targets;
  for (const FramePair& pair : pairs) {
    key_targets.push_back(pair.key);
    reference_targets.push_back(pair.reference);
  }
  KNetTrace* key_trace = trace == nullptr ? nullptr : &trace->key;
  KNetTrace* reference_trace = trace == nullptr ? nullptr : &trace->reference;
  auto [key_proposed, reference_proposed] = propose_both(*this, keys, references);
  const HeadStep key_head = train_head(std::move(key_proposed), key_targets, key_trace);
  const HeadStep reference_head =
      train_head(std::move(reference_proposed), reference_targets, reference_trace);
  const StagesStep reference =
      train_stages(reference_head, reference_targets, {}, mean_over_ranks, reference_trace);
  const StagesStep key =
      train_stages(key_head, key_targets, reference.last.kernels, mean_over_ranks, key_trace);
  LossTerms terms;
  add_terms(terms, key.terms, "");
  add_terms(terms, reference_head.terms, "_ref_rpn");
  add_terms(terms, key_head.terms, "");
  add_terms(terms, reference.terms, "_ref");
  add_terms(terms, tracking_terms(key, reference, pairs, trace), "");
  return terms;
}

}  // namespace tessera
