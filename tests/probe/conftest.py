import pytest
import torch


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    """Networks run on few and small pictures here: threads would wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
