"""What is said: texts of the pages, papers, the source's figures, questions of the studies, class names."""
