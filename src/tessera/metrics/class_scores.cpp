#include "tessera/metrics/class_scores.h"

#include <cmath>
#include <numeric>

namespace tessera {

ClassScores class_scores(const ClassAreas& areas, double beta) {
  ClassScores scores;
  const auto total = [](const std::vector<std::int64_t>& counts) {
    return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  };
  scores.all_accuracy = total(areas.both) / total(areas.labelled);
  for (std::size_t c = 0; c < areas.both.size(); ++c) {
    const auto both = static_cast<double>(areas.both[c]);
    const auto predicted = static_cast<double>(areas.predicted[c]);
    const auto labelled = static_cast<double>(areas.labelled[c]);
    const double precision = both / predicted, recall = both / labelled;
    scores.iou.push_back(both / (predicted + labelled - both));
    scores.accuracy.push_back(recall);
    scores.dice.push_back(2 * both / (predicted + labelled));
    // A class that is seen and there but never at the same place is 0/0 here, unlike in `dice`.
    scores.fscore.push_back((1 + beta * beta) * (precision * recall) /
                            (beta * beta * precision + recall));
    scores.precision.push_back(precision);
    scores.recall.push_back(recall);
  }
  return scores;
}

double mean_of_numbers(const std::vector<double>& values) {
  double sum = 0;
  int count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return sum / count;
}

}  // namespace tessera
