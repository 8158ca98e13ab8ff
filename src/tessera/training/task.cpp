#include "tessera/training/task.h"

#include <torch/torch.h>

namespace tessera {

Scores TrainingTask::scores_of_all(ValidationScorer& scorer) const {
  if (part_.exchange) {
    const auto parts = part_.exchange(scorer.save().dump());
    for (std::size_t rank = 0; rank < parts.size(); ++rank)
      if (rank != static_cast<std::size_t>(part_.shard.index))
        scorer.merge(nlohmann::json::parse(parts[rank]));
  }
  return scorer.scores();
}

torch::Tensor batch_pixels(const Batch& batch, torch::Device device) {
  auto* pixels = const_cast<float*>(batch.pixels.data());
  const auto frames = static_cast<std::int64_t>(batch.frames.size());
  return torch::from_blob(pixels, {frames, 3, batch.size.height, batch.size.width}).to(device);
}

}  // namespace tessera
