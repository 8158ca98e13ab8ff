#pragma once

#include <cstdint>
#include <vector>

namespace tessera {

/// Pixels of each class, over all pictures: where truth and prediction agree, predicted, labelled.
struct ClassAreas {
  std::vector<std::int64_t> both, predicted, labelled;
};

/// mmsegmentation's scores of each class; NaN where a class does not occur.
struct ClassScores {
  double all_accuracy = 0;  ///< the share of labelled pixels that are right
  std::vector<double> iou, accuracy, dice, fscore, precision, recall;
};

/// beta: weight of the recall in the F-score.
ClassScores class_scores(const ClassAreas& areas, double beta = 1);

/// The mean of what is not NaN.
double mean_of_numbers(const std::vector<double>& values);

}  // namespace tessera
