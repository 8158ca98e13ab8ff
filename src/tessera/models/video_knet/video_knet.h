#pragma once

#include <torch/nn/modules/linear.h>

#include <functional>
#include <vector>

#include "tessera/models/knet/knet.h"
#include "tessera/models/video_knet/track_head.h"
#include "tessera/models/video_knet/track_losses.h"

#include "tessera/nn/channel_norm.h"

namespace tessera {

/// By what the objects of two frames are compared.
enum class TrackEmbedding {
  kLearned,  ///< what the track head makes of a kernel
  kKernel,   ///< the kernel itself: the toy variant, a K-Net that has never seen two frames
};

struct VideoKNetOptions : KNetOptions {
  VideoKNetOptions() {
    mask_upsampling = 4;
    stage_rank_loss = false;
    pixel_loss = PixelLoss::kCrossEntropy;
    track_link = TrackLink::kAttention;
  }
  TrackEmbedding track_embedding = TrackEmbedding::kLearned;
  TrackHeadOptions track;  ///< its channels are the model's
};

/// A frame to learn from, another one of the same video, and which objects are the same.
struct FramePair {
  MaskTargets key;
  MaskTargets reference;
  torch::Tensor matches;  ///< [M] int64: the reference's object that is the key's object m, or -1
};

/// The index of each of `ids` among `reference_ids`, or -1: [M] int64.
torch::Tensor match_objects(const torch::Tensor& ids, const torch::Tensor& reference_ids);

struct VideoKNetTrace {
  KNetTrace key, reference;
  std::vector<Assignment> key_tracks, reference_tracks;  ///< of each pair
};

/// Video K-Net (CVPR 2022): K-Net whose kernels are linked from frame to frame, with an embedding a
/// kernel by which objects are tracked.
class VideoKNetImpl : public KNetImpl {
 public:
  explicit VideoKNetImpl(const VideoKNetOptions& options);

  /// The embeddings of objects: [N, C] rows of KNetOutput::track_kernels -> [N, E].
  torch::Tensor embed(const torch::Tensor& track_kernels);

  /// The terms to minimise. keys and references: [B, 3, H, W] each.
  LossTerms pair_losses(const torch::Tensor& keys, const torch::Tensor& references,
                        const std::vector<FramePair>& pairs,
                        const std::function<torch::Tensor(torch::Tensor)>& mean_over_ranks = {},
                        VideoKNetTrace* trace = nullptr);

  torch::nn::Linear embed_linear{nullptr};
  ChannelNorm embed_norm{nullptr};
  torch::nn::Linear fc_embed{nullptr};
  TrackHead track_head{nullptr};

 private:
  TrackEmbedding embedding_;
  /// Averaged over the pairs.
  LossTerms tracking_terms(const StagesStep& key, const StagesStep& reference,
                           const std::vector<FramePair>& pairs, VideoKNetTrace* trace);
};
TORCH_MODULE(VideoKNet);

}  // namespace tessera
