#!/usr/bin/env python3
"""Makes tests/recorded/ml: scikit-learn models, converted by skl2onnx, with inputs and scikit-learn's own predictions.

    pip install scikit-learn==1.9.1 skl2onnx==1.20.0 && python3 tests/recorded/record_ml.py

Each case is NAME.onnx and NAME.npz: the model's inputs by name, and for each output what scikit-learn predicts for them.
A list of maps (ZipMap) is kept as NAME.keys and NAME.values. The converted model is not asked for its opinion.
"""
import pathlib, warnings
import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import (ExtraTreesClassifier, ExtraTreesRegressor, GradientBoostingClassifier, GradientBoostingRegressor,
                              RandomForestClassifier, RandomForestRegressor)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, MinMaxScaler, Normalizer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent / "ml"
OPSETS = {"": 18, "ai.onnx.ml": 3}


def save(name, onx, arrays):
    (HERE / f"{name}.onnx").write_bytes(onx.SerializeToString())
    np.savez_compressed(HERE / f"{name}.npz", **arrays)


def data(classes, features=6, rows=120, seed=0):
    x, y = make_classification(rows, features, n_informative=4, n_redundant=1, n_classes=classes, random_state=seed)
    return x.astype(np.float32), y


def classifier(name, model, classes=3, strings=False, scores="predict_proba", options=None, x=None, zipmap=False):
    """The first 100 rows train, the others test."""
    data_x, y = data(classes)
    x = data_x if x is None else x(data_x)
    if strings:
        y = np.array(["a", "b", "c", "d"])[y]
    model.fit(x[:100], y[:100])
    test = x[100:]
    settings = {**({} if isinstance(model, LinearSVC) else {"zipmap": zipmap}), **(options or {})}
    onx = to_onnx(model, test[:1], target_opset=OPSETS, options={id(model): settings})
    label, second = [o.name for o in onx.graph.output]
    probabilities = getattr(model, scores)(test).astype(np.float32)
    arrays = {"X": test, label: model.predict(test)}
    if zipmap:
        arrays |= {f"{second}.keys": model.classes_, f"{second}.values": probabilities}
    else:
        arrays[second] = probabilities
    save(name, onx, arrays)


def regressor(name, model, targets=1):
    x, y = make_regression(120, 6, n_targets=targets, noise=1.0, random_state=1)
    x = x.astype(np.float32)
    model.fit(x[:100], y[:100] / 50)
    onx = to_onnx(model, x[:1], target_opset=OPSETS)
    want = model.predict(x[100:])
    save(name, onx, {"X": x[100:], onx.graph.output[0].name: want.astype(np.float32).reshape(20, targets)})


def transformer(name, model, x=None):
    x = data(2)[0] if x is None else x
    model.fit(x[:100])
    onx = to_onnx(model, x[:1], target_opset=OPSETS)
    want = model.transform(x[100:])
    given = x[100:].astype(str) if x.dtype == object else x[100:]
    save(name, onx, {"X": given, onx.graph.output[0].name: np.asarray(want, np.float32)})


def with_nan(x):
    x = x.copy()
    x[::7, 1] = np.nan
    x[3::5, 4] = np.nan
    return x


def trees():
    classifier("random_forest", RandomForestClassifier(8, max_depth=4, random_state=0))
    classifier("random_forest_binary", RandomForestClassifier(8, max_depth=4, random_state=0), classes=2, strings=True)
    classifier("random_forest_zipmap", RandomForestClassifier(4, max_depth=3, random_state=0), strings=True, zipmap=True)
    classifier("random_forest_zipmap_numbers", RandomForestClassifier(4, max_depth=3, random_state=0), classes=2, zipmap=True)
    classifier("extra_trees", ExtraTreesClassifier(8, max_depth=4, random_state=0), strings=True)
    classifier("decision_tree", DecisionTreeClassifier(max_depth=5, random_state=0))
    classifier("gradient_boosting", GradientBoostingClassifier(n_estimators=6, max_depth=3, random_state=0))
    classifier("gradient_boosting_binary", GradientBoostingClassifier(n_estimators=6, max_depth=3, random_state=0), classes=2)
    regressor("random_forest_regressor", RandomForestRegressor(8, max_depth=4, random_state=0))
    regressor("random_forest_two_targets", RandomForestRegressor(4, max_depth=4, random_state=0), targets=2)
    regressor("extra_trees_regressor", ExtraTreesRegressor(8, max_depth=4, random_state=0))
    regressor("gradient_boosting_regressor", GradientBoostingRegressor(n_estimators=8, random_state=0))


def support_vectors():
    for kernel in ("linear", "poly", "rbf", "sigmoid"):
        classifier(f"svc_{kernel}", SVC(kernel=kernel, probability=True, random_state=0))
        classifier(f"svc_{kernel}_binary", SVC(kernel=kernel, probability=True, random_state=0), classes=2, strings=True)
        regressor(f"svr_{kernel}", SVR(kernel=kernel))
    classifier("svc_decisions", SVC(decision_function_shape="ovo"), scores="decision_function", options={"raw_scores": True})
    classifier("nu_svc", NuSVC(nu=0.3, probability=True, random_state=0))
    x = data(2)[0]
    machine = OneClassSVM(nu=0.2).fit(x[:100])
    onx = to_onnx(machine, x[:1], target_opset=OPSETS)
    label, scores = [o.name for o in onx.graph.output]
    save("one_class_svm", onx, {"X": x[100:], label: machine.predict(x[100:]).reshape(-1, 1),
                                scores: machine.decision_function(x[100:]).astype(np.float32).reshape(-1, 1)})


def linear():
    classifier("logistic_regression", LogisticRegression())
    classifier("logistic_regression_binary", LogisticRegression(), classes=2, strings=True)
    classifier("linear_svc", LinearSVC(random_state=0), scores="decision_function", options={"raw_scores": True})
    classifier("sgd_classifier", SGDClassifier(loss="log_loss", random_state=0))
    classifier("mlp_classifier", MLPClassifier((8,), max_iter=60, random_state=0))
    classifier("gaussian_nb", GaussianNB())
    classifier("nearest_neighbours", KNeighborsClassifier(3))
    regressor("ridge", Ridge())
    regressor("ridge_two_targets", Ridge(), targets=2)


def features():
    transformer("standard_scaler", StandardScaler())
    transformer("min_max_scaler", MinMaxScaler())
    transformer("normalizer_l1", Normalizer("l1"))
    transformer("normalizer_l2", Normalizer("l2"))
    transformer("binarizer", Binarizer(threshold=0.3))
    transformer("imputer_mean", SimpleImputer(strategy="mean"), with_nan(data(2)[0]))
    transformer("imputer_median", SimpleImputer(strategy="median"), with_nan(data(2)[0]))
    x = data(2)[0]
    means = KMeans(3, n_init=2, random_state=0).fit(x[:100])
    onx = to_onnx(means, x[:1], target_opset=OPSETS)
    label, distances = [o.name for o in onx.graph.output]
    save("k_means", onx, {"X": x[100:], label: means.predict(x[100:]).astype(np.int64), distances: means.transform(x[100:]).astype(np.float32)})
    numbers = np.random.default_rng(0).integers(0, 4, (120, 3))
    transformer("one_hot_numbers", OneHotEncoder(sparse_output=False, handle_unknown="ignore"), numbers.astype(np.int64))
    transformer("one_hot_strings", OneHotEncoder(sparse_output=False), np.array(["red", "green", "blue", "grey"])[numbers].astype(object))


TEXTS = """the quick brown fox jumps over the lazy dog|a quick test of the text pipeline|the dog sleeps all day
foxes and dogs are not friends|the pipeline runs in the morning|a brown dog and a red fox|morning runs are quick|text is all there is
red morning sky|the sky is blue and the day is quick|lazy friends sleep|pipelines of text and of dogs""".replace("\n", "|").split("|")


def text():
    y = np.array([i % 3 == 0 for i in range(len(TEXTS))]).astype(np.int64)
    x = np.array(TEXTS, object).reshape(-1, 1)
    for name, ngrams, analyzer in (("words", (1, 1), "word"), ("bigrams", (1, 2), "word")):
        vectorizer = TfidfVectorizer(ngram_range=ngrams, analyzer=analyzer, token_pattern="[a-zA-Z]+")
        model = make_pipeline(vectorizer, LogisticRegression(C=10)).fit(x.ravel(), y)
        onx = to_onnx(model, initial_types=[("X", StringTensorType([None, 1]))], target_opset=OPSETS, options={id(model): {"zipmap": False}})
        label, scores = [o.name for o in onx.graph.output]
        save(f"tf_idf_{name}", onx, {"X": x.astype(str), label: model.predict(x.ravel()), scores: model.predict_proba(x.ravel()).astype(np.float32)})


def columns():
    """Numbers imputed and scaled, words one-hot, then a logistic regression."""
    x, y = data(2)
    numbers, words = with_nan(x)[:, :4], np.array(["red", "green", "blue"])[(np.abs(x[:, 4:]) * 3).astype(int) % 3].astype(object)
    import pandas
    frame = pandas.DataFrame({**{f"n{i}": numbers[:, i] for i in range(4)}, **{f"w{i}": words[:, i] for i in range(2)}})
    model = make_pipeline(ColumnTransformer([("n", make_pipeline(SimpleImputer(), StandardScaler()), [f"n{i}" for i in range(4)]),
                                             ("w", OneHotEncoder(handle_unknown="ignore"), ["w0", "w1"])]), LogisticRegression())
    model.fit(frame[:100], y[:100])
    types = [(f"n{i}", FloatTensorType([None, 1])) for i in range(4)] + [(f"w{i}", StringTensorType([None, 1])) for i in range(2)]
    onx = to_onnx(model, initial_types=types, target_opset=OPSETS, options={id(model): {"zipmap": False}})
    label, scores = [o.name for o in onx.graph.output]
    arrays = {f"n{i}": numbers[100:, i:i + 1] for i in range(4)} | {f"w{i}": words[100:, i:i + 1].astype(str) for i in range(2)}
    save("column_pipeline", onx, arrays | {label: model.predict(frame[100:]), scores: model.predict_proba(frame[100:]).astype(np.float32)})


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for part in (trees, support_vectors, linear, features, text, columns):
        part()
    print(len(list(HERE.glob("*.onnx"))), "models,", sum(f.stat().st_size for f in HERE.iterdir()) >> 10, "KiB")
